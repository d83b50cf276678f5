/**
 * The code of a `StepwrightError`. Codes are stable between major versions; messages are not.
 * docs/errors.md explains each.
 */
export type ErrorCode =
  | 'ERR_UNKNOWN_PROCESS'
  | 'ERR_UNKNOWN_DEFINITION'
  | 'ERR_UNKNOWN_SCHEDULE'
  | 'ERR_INVALID_INPUT'
  | 'ERR_NOT_JSON'
  | 'ERR_RECORD_TOO_LARGE'
  | 'ERR_MEMORY_LIMIT'
  | 'ERR_CANNOT_WAIT'
  | 'ERR_NOT_RESTORABLE'
  | 'ERR_NOT_INTERRUPTED'
  | 'ERR_NAME_REQUIRED'
  | 'ERR_UNKNOWN_EVENT'
  | 'ERR_EVENT_REFUSED'
  | 'ERR_UNKNOWN_STEP'
  | 'ERR_NOT_ENDED'
  | 'ERR_NOT_EMPTY'
  | 'ERR_ALREADY_ENDED'
  | 'ERR_NOT_FAILED'
  | 'ERR_STORE_MISSING'
  | 'ERR_STORE_ACCESS'
  | 'ERR_STORE_WRITE'
  | 'ERR_STORE_READ'
  | 'ERR_STORE_CORRUPT'
  | 'ERR_STORE_VERSION'
  | 'ERR_STEP_FAILED'
  | 'ERR_STEP_TIMEOUT'
  | 'ERR_STEP_WAITS'
  | 'ERR_STEP_CRASHED'
  | 'ERR_PROCESS_TIMEOUT'
  | 'ERR_CANCELLED'
  | 'ERR_HOST_DIED'
  | 'ERR_HOST_ALIVE'
  | 'ERR_UNKNOWN_HOST'
  | 'ERR_PROCESS_TAKEN'
  | 'ERR_UNDOING'
  | 'ERR_UNDO_FAILED'
  | 'ERR_RUNTIME_CLOSED'
  | 'ERR_CLIENT_CLOSED'

/**
 * Everything that this library throws on purpose, except for wrong use of its API, which is a
 * `TypeError`. `cause` is the error behind it, if there is one.
 *
 * @example
 * try { await client.delete(pid) } catch (error) {
 *   if (error instanceof StepwrightError && error.code === 'ERR_NOT_ENDED') await client.cancel(pid)
 * }
 */
export class StepwrightError extends Error {
  override name = 'StepwrightError'
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** Whether the store failed, which passes: nothing is known of the process. */
export const isStoreError = (error: unknown): boolean =>
  error instanceof StepwrightError && error.code.startsWith('ERR_STORE_')

/**
 * The store failed in the middle of `submitMany` or `startMany` (ERR_STORE_WRITE), and it is one
 * that keeps some of the processes without the others. `pids` has one entry for each, in the order
 * given: the pid if the process is in the store, else `undefined`.
 */
export class SubmitError extends StepwrightError {
  override name = 'SubmitError'
  readonly pids: readonly (string | undefined)[]
  constructor(message: string, pids: readonly (string | undefined)[], options?: { cause?: unknown }) {
    super('ERR_STORE_WRITE', message, options)
    this.pids = pids
  }
}

/** Where and why a process failed: what a `ProcessError` has besides its code. */
export interface ProcessFailure {
  readonly pid?: string | undefined
  readonly step?: string | undefined
  readonly attempt?: number | undefined
  readonly cause?: unknown
}

/**
 * A process ended in `error`: a step failed, and no attempt is left. `step` and `attempt` say
 * where, and `cause` is what the step threw, as it was recorded.
 */
export class ProcessError extends StepwrightError {
  override name = 'ProcessError'
  readonly pid: string | undefined
  readonly step: string | undefined
  readonly attempt: number | undefined
  constructor(code: ErrorCode, message: string, { pid, step, attempt, cause }: ProcessFailure = {}) {
    super(code, message, cause === undefined ? undefined : { cause })
    this.pid = pid
    this.step = step
    this.attempt = attempt
  }
}

/**
 * A process ended in `error`, and not everything that it did could be undone. `cause` is why it
 * failed, was cancelled or timed out.
 */
export class ProcessUndoError extends ProcessError {
  override name = 'ProcessUndoError'
  /** The steps that could not be undone. */
  readonly undos: readonly string[]
  constructor(message: string, { undos, ...failure }: ProcessFailure & { readonly undos: readonly string[] }) {
    super('ERR_UNDO_FAILED', message, failure)
    this.undos = undos
  }
}

/** A process ended in `timeout`: it was `running` for longer than its `timeout` allows. */
export class ProcessTimeoutError extends ProcessError {
  override name = 'ProcessTimeoutError'
}

/** A process ended in `cancelled`. The message has the reason, if one was given. */
export class ProcessCancelledError extends ProcessError {
  override name = 'ProcessCancelledError'
}

/** Only ENOENT means "does not exist": every other failure of the file system is reported. */
export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException | null)?.code === 'ENOENT'
