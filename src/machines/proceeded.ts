import type { Json } from '../record/record.ts'

const isPlain = (value: unknown): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What `proceed` makes of a paused step's output: rule 7.7. */
export const proceeded = (data: Json, given: Json | undefined): Json =>
  given === undefined ? data : isPlain(data) && isPlain(given) ? { ...data, ...given } : given
