import type { ErrorCode } from '../errors.ts'
import type { ErrorRecord, FinalStatus } from '../record/record.ts'
import { caused, endOpenSteps, type Commanded, type ProcessContext } from './context.ts'
import { stepAt } from '../record/record.ts'

/** The context of a process that ends in a final status other than `finished`. */
function end(
  context: ProcessContext,
  status: FinalStatus,
  at: number,
  type: string,
  error: ErrorRecord,
  step?: string,
): Partial<ProcessContext> {
  return {
    steps: endOpenSteps(context, status, at),
    outputs: undefined,
    machine: undefined,
    error,
    at,
    event: step === undefined ? { type } : { type, step },
    deadline: undefined,
    remainingMs: undefined,
  }
}

const coded = (name: string, code: ErrorCode, message: string): ErrorRecord => ({ name, code, message })

export function failProcess(
  context: ProcessContext,
  step: string,
  at: number,
  error: ErrorRecord,
  type = 'FAIL',
): Partial<ProcessContext> {
  const attempt = context.steps[step]?.attempt ?? 0
  // The other branches of a parallel step did not fail, so they count as cancelled.
  const steps = endOpenSteps(context, 'cancelled', at, name => name !== step && !step.startsWith(`${name}.`))
  return end({ ...context, steps }, 'error', at, type, { ...error, step, attempt }, step)
}

export const refuseProcess = (context: ProcessContext, at: number, error: ErrorRecord): Partial<ProcessContext> =>
  end(context, 'error', at, 'REFUSE', error)

export function timeOutProcess(context: ProcessContext, at: number): Partial<ProcessContext> {
  return end(
    context,
    'timeout',
    at,
    'TIMEOUT',
    coded('ProcessTimeoutError', 'ERR_PROCESS_TIMEOUT', 'The process ran out of the time its timeout allows'),
  )
}

export function cancelProcess(
  context: ProcessContext,
  event: { at: number; reason?: string | undefined } & Commanded,
): Partial<ProcessContext> {
  const error = coded('ProcessCancelledError', 'ERR_CANCELLED', event.reason ?? 'Cancelled')
  return { ...end(context, 'cancelled', event.at, 'CANCEL', error), event: caused('CANCEL', event) }
}

export function failAfterDeath(context: ProcessContext, at: number): Partial<ProcessContext> {
  const step = stepAt(context.steps)
  const where = step === undefined ? '' : ` during step '${step}'`
  const ended = end(
    context,
    'error',
    at,
    'RECOVER',
    {
      ...coded('HostDiedError', 'ERR_HOST_DIED', `The host of this process died${where}`),
      ...(step !== undefined && { step, attempt: context.steps[step]?.attempt ?? 0 }),
    },
    step,
  )
  return { ...ended, recoveries: context.recoveries + 1, deaths: context.deaths + 1 }
}
