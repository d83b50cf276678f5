import type { StepRecord } from '../../store/record.ts'
import type { AttemptInput } from '../context.ts'
import { failed, hostDied } from '../ends.ts'
import { beginAttempt, set } from './changes.ts'
import { update, type Args, type FailEvent, type RecoverEvent } from './chart.ts'

/** An invoked attempt with its recovery: a death under it begins the next attempt, unless there were too many. */
export function attempting(name: string, id: string, self: string, onDone: object[], onError: object[]): object {
  return {
    invoke: {
      id: name,
      src: 'attempt',
      input: ({ context }: Args<unknown>): AttemptInput => ({ pid: context.pid, step: name, attempt: context.steps[name]?.attempt ?? 1 }),
      onDone,
      onError,
    },
    on: {
      RECOVER: [
        {
          guard: ({ context, event }: Args<RecoverEvent>) => event.fail || (!event.released && context.deaths >= event.maxRecoveries),
          target: `#${id}.error`,
          actions: update<RecoverEvent>((context, { at }) => hostDied(context, at)),
        },
        {
          target: self,
          reenter: true,
          actions: update<RecoverEvent>((context, { at, released }) => ({
            steps: set(context, name, beginAttempt(context, name, at)),
            at,
            event: { type: 'RECOVER', step: name },
            recoveries: context.recoveries + (released ? 0 : 1),
            deaths: context.deaths + (released ? 0 : 1),
          })),
        },
      ],
    },
  }
}

export const toError = (name: string, id: string) => ({
  target: `#${id}.error`,
  actions: update<FailEvent>((context, { error: { at, error, progress } }) => {
    const before = context.steps[name] ?? { status: 'running', attempt: 1 }
    const step: StepRecord = { ...before, failures: (before.failures ?? 0) + 1, error, ...(progress !== undefined && { progress }) }
    return failed({ ...context, steps: set(context, name, step) }, name, at, error)
  }),
})
