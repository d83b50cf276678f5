import { retryDelay, type PlannedRetry } from '../../steps/retry.ts'
import type { StepRecord } from '../../record/record.ts'
import { attempting } from './attempting.ts'
import { beginAttempt, withStep, toError } from './transitions.ts'
import { timer, update, type Args, type FailEvent, type Place, type TimerEvent } from './nodes.ts'

/**
 * The states of a step with retries: `attempting`, and `waiting` between two attempts. The end of a
 * wait is an absolute time, so that it survives a restart.
 */
export function retrying(
  { name }: { readonly name: string },
  retry: PlannedRetry,
  place: Place,
  self: string,
  onDone: object[],
  onFailure: object[] = [toError(name, place)],
): Record<string, object> {
  const wait = {
    guard: ({ context, event }: Args<FailEvent>) =>
      event.error.retryable && (context.steps[name]?.failures ?? 0) + 1 < retry.attempts,
    target: 'waiting',
    actions: update<FailEvent>((context, { error: { at, error, afterMs, progress } }) => {
      const before = context.steps[name] ?? { status: 'running', attempt: 1 }
      const failures = (before.failures ?? 0) + 1
      const until = at + (afterMs ?? retryDelay(retry, failures, `${context.pid}:${name}:${failures}`))
      const step: StepRecord = {
        ...before,
        status: 'waiting',
        failures,
        error,
        until,
        ...(progress !== undefined && { progress }),
      }
      return { steps: withStep(context, name, step), at, event: { type: 'FAIL', step: name } }
    }),
  }
  const again = {
    target: 'attempting',
    actions: update<TimerEvent>((context, { output: { at } = context }) => ({
      steps: withStep(context, name, beginAttempt(context, name, at)),
      at,
      event: { type: 'RETRY', step: name },
    })),
  }
  return {
    attempting: attempting(name, place, `${self}.attempting`, onDone, [wait, ...onFailure]),
    waiting: { invoke: timer(`${name}:retry`, name, again) },
  }
}
