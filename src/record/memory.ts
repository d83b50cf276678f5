import type { Json, Memory, ProcessRecord } from './record.ts'

/** What `step` remembers, by the journal of its process: of each name the newest output. */
export function memoryOf(records: readonly ProcessRecord[], step: string): Memory[] {
  const inherited = own(records[0]?.inherited?.memory, step) ?? []
  return [...inherited, ...records.flatMap(({ event, memory = [] }) => (event.step === step ? memory : []))]
}

/**
 * The output of `step`, by the journal of its process; `undefined` if it has not ended or was
 * skipped.
 */
export function outputOf(records: readonly ProcessRecord[], step: string): Json | undefined {
  const inherited = own(records[0]?.inherited?.outputs, step)
  if (inherited !== undefined) return inherited
  // Leaving a step and beginning the next one is one line, whose data is still the output.
  const ending = records.find(({ steps }) => own(steps, step)?.endedAt !== undefined)
  if (ending === undefined || own(ending.steps, step)?.status !== 'finished') return undefined
  return ending.data === undefined ? ending.input : ending.data
}

const own = <T>(values: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  values !== undefined && Object.hasOwn(values, key) ? values[key] : undefined
