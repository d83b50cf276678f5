import type { Memory, ProcessRecord, StepRecord, Wait } from './record.ts'

/** The name by which a step remembers the answer to what it waits for. */
export const answerName = (name: string): string => `?${name}`

/** What a step remembers of a wait that came to its end at `at`. */
export const expired = ({ name, isSleep }: Wait): Memory => [answerName(name), isSleep ? {} : { timedOut: true }]

/** The wait that ends first by its time, if any does. */
export function earliest(waits: readonly Wait[]): Wait | undefined {
  let first: Wait | undefined
  for (const wait of waits) if (wait.until !== undefined && wait.until < (first?.until ?? Infinity)) first = wait
  return first
}

/** The step that a paused process is at, and its record. */
export function pausedStep({
  status,
  steps,
}: Pick<ProcessRecord, 'status' | 'steps'>): { readonly step: string; readonly record: StepRecord } | undefined {
  if (status !== 'interrupted') return undefined
  const [found] = Object.entries(steps).filter(([, one]) => one.status === 'interrupted')
  return found && { step: found[0], record: found[1] }
}

/** What a paused step asks for from outside: everything but sleeps. */
export const asked = ({ waits = [] }: Pick<StepRecord, 'waits'>): Wait[] => waits.filter(({ isSleep }) => !isSleep)
