import type { AttemptInput, AttemptPart, ProcessContext } from '../context.ts'
import { beginAttempt, withStep } from './transitions.ts'
import { update, type Args, type Place, type RecoverEvent } from './nodes.ts'

/**
 * The state in which an attempt runs. If its host dies, RECOVER begins the next attempt, unless too
 * many hosts died in a row.
 */
export function attempting(
  name: string,
  { failing }: Place,
  self: string,
  onDone: object[],
  onError: object[],
  src: AttemptPart = 'attempt',
): object {
  return {
    invoke: {
      id: name,
      src,
      input: ({ context }: Args<unknown>): AttemptInput => ({
        pid: context.pid,
        step: name,
        attempt: context.steps[name]?.attempt ?? 1,
      }),
      onDone,
      onError,
    },
    on: {
      RECOVER: [
        {
          guard: ({ context, event }: Args<RecoverEvent>) =>
            (failing.isFragile && event.fail) || (!event.released && context.deaths >= event.maxRecoveries),
          target: failing.target,
          actions: update<RecoverEvent>((context, { at }) => failing.die(context, name, at)),
        },
        {
          target: self,
          reenter: true,
          actions: update<RecoverEvent>((context, { at, released }) => ({
            steps: withStep(context, name, beginAttempt(context, name, at)),
            at,
            event: { type: 'RECOVER', step: name },
            ...(!released &&
              counts(context, name) && { recoveries: context.recoveries + 1, deaths: context.deaths + 1 }),
          })),
        },
      ],
    },
  }
}

/** Every running branch receives RECOVER, so only the first of them counts the death. */
function counts({ steps }: ProcessContext, name: string): boolean {
  const branches = name.slice(0, name.indexOf('.') + 1)
  if (branches === '') return true
  return (
    Object.entries(steps).find(([path, { status }]) => path.startsWith(branches) && status === 'running')?.[0] === name
  )
}
