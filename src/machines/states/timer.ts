import type { Args } from './step-states.ts'

/** A durable timer: its input, the absolute time a step waits `until`, is persisted by XState and fires at once when it is past. */
export const timer = (timerId: string, name: string, onDone: object): object => ({
  id: timerId,
  src: 'timer',
  input: ({ context }: Args<unknown>) => ({ at: context.steps[name]?.until ?? context.at }),
  onDone,
  onError: onDone,
})
