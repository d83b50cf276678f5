import type { ErrorCode } from '../errors.ts'
import { stepAt, type ErrorRecord, type StepRecord, type UndoReason } from '../record/record.ts'
import type { UndoStep } from '../steps/kinds/undo.ts'
import { caused, endOpenSteps, type Commanded, type ProcessContext } from './context.ts'

/**
 * How processes of a definition end otherwise than by finishing. The change that ends their steps
 * says which of them are undone after that.
 */
export interface Endings {
  fail(context: ProcessContext, step: string, at: number, error: ErrorRecord, type?: string): Partial<ProcessContext>
  failAfterDeath(context: ProcessContext, at: number): Partial<ProcessContext>
  timeOut(context: ProcessContext, at: number): Partial<ProcessContext>
  cancel(
    context: ProcessContext,
    event: { readonly at: number; readonly reason?: string | undefined } & Commanded,
  ): Partial<ProcessContext>
  refuse(context: ProcessContext, at: number, error: ErrorRecord): Partial<ProcessContext>
}

const coded = (name: string, code: ErrorCode, message: string): ErrorRecord => ({ name, code, message })

/** @param undos those that a process may have to run, in the order of their steps */
export function endingsOf(undos: readonly UndoStep[]): Endings {
  /** The context of a process that ends in a final status other than `finished`. */
  function end(
    context: ProcessContext,
    status: UndoReason,
    at: number,
    type: string,
    error: ErrorRecord,
    step?: string,
  ): Partial<ProcessContext> {
    return {
      steps: { ...endOpenSteps(context, status, at), ...dueUndos(context, undos) },
      outputs: undefined,
      machine: undefined,
      error,
      at,
      event: step === undefined ? { type } : { type, step },
      deadline: undefined,
      remainingMs: undefined,
    }
  }
  return {
    fail(context, step, at, error, type = 'FAIL') {
      const attempt = context.steps[step]?.attempt ?? 0
      // The other branches of a parallel step did not fail, so they count as cancelled.
      const steps = endOpenSteps(context, 'cancelled', at, name => name !== step && !step.startsWith(`${name}.`))
      return end({ ...context, steps }, 'error', at, type, { ...error, step, attempt }, step)
    },
    failAfterDeath(context, at) {
      const step = stepAt(context.steps)
      const where = step === undefined ? '' : ` during step '${step}'`
      const error = {
        ...coded('HostDiedError', 'ERR_HOST_DIED', `The host of this process died${where}`),
        ...(step !== undefined && { step, attempt: context.steps[step]?.attempt ?? 0 }),
      }
      const ended = end(context, 'error', at, 'RECOVER', error, step)
      return { ...ended, recoveries: context.recoveries + 1, deaths: context.deaths + 1 }
    },
    timeOut: (context, at) =>
      end(
        context,
        'timeout',
        at,
        'TIMEOUT',
        coded('ProcessTimeoutError', 'ERR_PROCESS_TIMEOUT', 'The process ran out of the time its timeout allows'),
      ),
    cancel(context, event) {
      const error = coded('ProcessCancelledError', 'ERR_CANCELLED', event.reason ?? 'Cancelled')
      return { ...end(context, 'cancelled', event.at, 'CANCEL', error), event: caused('CANCEL', event) }
    },
    refuse: (context, at, error) => end(context, 'error', at, 'REFUSE', error),
  }
}

/** A process records which undos are due when it ends, before any of them begins. */
const DUE: StepRecord = { status: 'pending', attempt: 0 }

export const isDue = ({ steps }: ProcessContext, undo: string): boolean => steps[undo]?.status === 'pending'

/** @param context before the steps under way have ended */
function dueUndos({ steps }: ProcessContext, undos: readonly UndoStep[]): ProcessContext['steps'] {
  const due = undos.filter(({ name, of, whenBegun }) => {
    const step = Object.hasOwn(steps, of) ? steps[of] : undefined
    // A fork does not undo what the process it began from has done, and nothing is undone twice.
    if (step === undefined || Object.hasOwn(steps, name)) return false
    // A step that is paused after its work has done it; one that waits within its work has not.
    if (step.status === 'finished' || (step.status === 'interrupted' && step.waits === undefined)) return true
    return whenBegun === true && step.status !== 'skipped' && step.attempt > 0
  })
  return Object.fromEntries(due.map(({ name }) => [name, DUE]))
}
