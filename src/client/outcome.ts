import {
  ProcessCancelledError,
  ProcessError,
  ProcessTimeoutError,
  ProcessUndoError,
  StepwrightError,
  type ErrorCode,
} from '../errors.ts'
import { fromErrorRecord } from '../record/error-record.ts'
import type { ErrorRecord, Json, ProcessRecord } from '../record/record.ts'

/**
 * Codes of a recorded error that become the code of the `ProcessError`; any other becomes
 * ERR_STEP_FAILED.
 */
const OWN_CODES: ReadonlySet<unknown> = new Set<ErrorCode>([
  'ERR_NOT_JSON',
  'ERR_RECORD_TOO_LARGE',
  'ERR_MEMORY_LIMIT',
  'ERR_NOT_RESTORABLE',
  'ERR_STEP_TIMEOUT',
  'ERR_STEP_CRASHED',
  'ERR_HOST_DIED',
  'ERR_INVALID_INPUT',
])

/**
 * The output of a process that has finished.
 * @throws ProcessError, ProcessUndoError, ProcessTimeoutError or ProcessCancelledError if it ended otherwise
 */
export function outcome(record: ProcessRecord): Json {
  const { pid, name, status, error } = record
  switch (status) {
    case 'finished':
      return record.data === undefined ? record.input : record.data
    case 'error':
      throw failure(record, error ?? { name: 'Error', message: 'no reason was recorded' })
    case 'timeout':
      throw new ProcessTimeoutError(
        'ERR_PROCESS_TIMEOUT',
        `Process ${pid} (${name}) ran out of the time its timeout allows`,
        { pid },
      )
    case 'cancelled':
      throw new ProcessCancelledError(
        'ERR_CANCELLED',
        `Process ${pid} (${name}) was cancelled: ${error?.message ?? 'no reason given'}`,
        {
          pid,
        },
      )
    default:
      throw new StepwrightError('ERR_NOT_ENDED', `Process ${pid} (${name}) has not ended: it is ${status}`)
  }
}

function failure({ pid, name }: ProcessRecord, error: ErrorRecord): ProcessError {
  if (error.undos !== undefined) {
    const { undos, message, cause } = error
    const why = cause && { step: cause.step, attempt: cause.attempt, cause: fromErrorRecord(cause) }
    return new ProcessUndoError(`Process ${pid} (${name}) failed: ${message}`, { pid, ...why, undos })
  }
  const { step, attempt } = error
  const code = OWN_CODES.has(error.code) ? (error.code as ErrorCode) : 'ERR_STEP_FAILED'
  const where = step === undefined ? '' : ` in step '${step}', attempt ${attempt}`
  return new ProcessError(code, `Process ${pid} (${name}) failed${where}: ${error.message}`, {
    pid,
    step,
    attempt,
    cause: fromErrorRecord(error),
  })
}
