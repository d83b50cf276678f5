import type { Trails } from '../record/record.ts'

/** The most bytes of JSON of a record, an input or an output. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024

/** A log or a stream longer than this loses its older half. In bytes or characters of JSON. */
export const MAX_TRAIL: { readonly [T in keyof Trails]: number } = { log: 1024 * 1024, stream: 4 * 1024 * 1024 }
