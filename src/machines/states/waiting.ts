import type { Answered, Json, Memory, StepRecord, Wait } from '../../record/record.ts'
import { answerName, earliest, expired } from '../../record/wait.ts'
import { caused, stopClock, type AttemptResult, type ProcessContext, type TimerInput } from '../context.ts'
import { withStep } from './transitions.ts'
import {
  IMPLICIT,
  update,
  type Args,
  type DoneEvent,
  type Entry,
  type ProceedEvent,
  type ResumeEvent,
  type TimerEvent,
} from './nodes.ts'

type Waited = Extract<AttemptResult, { waits: readonly Wait[] }>

const isAsleep = ({ waits }: Waited): boolean => waits.every(({ isSleep }) => isSleep)

/**
 * The transitions of an attempt that was given up, because the step waits for something. If it
 * waits for times alone, the process sleeps; otherwise it is interrupted.
 */
export const onWaits = (name: string, id: string): object[] =>
  (['sleeping', 'interrupted'] as const).map(status => ({
    meta: IMPLICIT,
    guard: ({ event: { output } }: Args<DoneEvent<AttemptResult>>) =>
      'waits' in output && isAsleep(output) === (status === 'sleeping'),
    target: `#${id}.${status}.${name}`,
    actions: update<DoneEvent<Waited>>((context, { output: { at, waits, progress } }) => {
      const { until: _, ...before } = context.steps[name] as StepRecord
      const until = earliest(waits)?.until
      const step: StepRecord = {
        ...before,
        status,
        waits,
        ...(until !== undefined && { until }),
        ...(progress !== undefined && { progress }),
      }
      return {
        ...stopClock(context, at),
        steps: withStep(context, name, step),
        at,
        event: { type: 'WAIT', step: name },
        deaths: 0,
      }
    }),
  }))

/** Whether the step waits within its work, and is not paused after it. */
export const isWithin = (name: string, { steps }: ProcessContext): boolean => steps[name]?.waits !== undefined

/**
 * The state in which step `name` waits within its work. What it remembers has the answer when it
 * begins anew.
 */
export function waiting(name: string, entry: Entry): { readonly invoke: object; readonly on: Record<string, object> } {
  const woken = {
    meta: IMPLICIT,
    guard: ({ context }: Args<TimerEvent>) => isWithin(name, context),
    target: entry.target,
    actions: update<TimerEvent>((context, { output: { at } = context }) => {
      const over = (context.steps[name]?.waits ?? []).filter(({ until = Infinity }) => until <= at)
      return resume(name, entry, context, at, { type: 'WAKE', memory: over.map(expired) })
    }),
  }
  return {
    invoke: {
      meta: IMPLICIT,
      id: `${name}:wait`,
      src: 'timer',
      input: ({ context: { steps } }: Args<unknown>): TimerInput => {
        const { until, isDate } = earliest(steps[name]?.waits ?? []) ?? {}
        return { ...(until !== undefined && { at: until }), ...(isDate && { isDate }) }
      },
      onDone: woken,
      onError: woken,
    },
    on: {
      PROCEED: {
        meta: IMPLICIT,
        guard: ({ context, event }: Args<ProceedEvent>) =>
          isWithin(name, context) && context.steps[name]?.waits?.some(wait => wait.name === event.name) === true,
        target: entry.target,
        actions: update<ProceedEvent>((context, event) => {
          const answer: Answered = event.data === undefined ? {} : { data: event.data }
          return resume(name, entry, context, event.at, {
            ...caused('PROCEED', event),
            name: event.name,
            memory: [[answerName(event.name as string), answer as Json]],
          })
        }),
      },
      RESUME: {
        meta: IMPLICIT,
        guard: ({ context }: Args<ResumeEvent>) => isWithin(name, context),
        target: entry.target,
        actions: update<ResumeEvent>((context, { at }) => resume(name, entry, context, at, { type: 'RESUME' })),
      },
    },
  }
}

/**
 * The step begins anew, which is no failure of it. It keeps the waits that have no answer yet, and
 * the time since which it has waited.
 */
function resume(
  name: string,
  entry: Entry,
  context: ProcessContext,
  at: number,
  event: { readonly type: string; readonly name?: string | undefined; readonly memory?: readonly Memory[] },
): Partial<ProcessContext> {
  const answered = new Set(event.memory?.map(([answer]) => answer))
  const { waits, ...step } = context.steps[name] as StepRecord
  const left = (waits ?? []).filter(wait => !answered.has(answerName(wait.name)))
  const waited = withStep(context, name, { ...step, ...(left.length > 0 && { waits: left }) })
  return { ...entry.begin({ ...context, steps: waited }, at), at, event: { ...event, step: name } as never }
}
