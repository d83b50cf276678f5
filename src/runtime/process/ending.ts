import { ProcessCancelledError, ProcessTimeoutError, StepwrightError } from '../../errors.ts'
import { reasonOf, type ProcessRecord, type Transition } from '../../record/record.ts'

/**
 * The end of a process for those who hold its handle. Lazy: an end nobody waits for costs nothing,
 * a failure is no unhandled rejection.
 */
export class Ending {
  #outcome: (() => ProcessRecord) | undefined
  #waiting: PromiseWithResolvers<void> | undefined
  #isAwaited = false

  /** The first call counts. `outcome` returns the last record, or throws why there is none. */
  come(outcome: () => ProcessRecord): void {
    this.#outcome ??= outcome
    this.#waiting?.resolve()
  }

  /** Somebody has asked for it. */
  get isAwaited(): boolean {
    return this.#isAwaited
  }

  async wait(): Promise<ProcessRecord> {
    this.#isAwaited = true
    for (;;) {
      if (this.#outcome) return this.#outcome()
      this.#waiting ??= Promise.withResolvers<void>()
      await this.#waiting.promise
    }
  }
}

/**
 * Why the work of a process that has ended is told to stop; `undefined` as long as it has not been
 * ended from outside.
 */
export function endReason(pid: string, { status, error }: Transition): Error | undefined {
  switch (status === 'undoing' && error ? reasonOf(error) : status) {
    case 'timeout':
      return new ProcessTimeoutError('ERR_PROCESS_TIMEOUT', `Process ${pid} ran out of the time its timeout allows`, {
        pid,
      })
    case 'cancelled':
      return new ProcessCancelledError('ERR_CANCELLED', error?.message ?? 'Cancelled', { pid })
    default:
      return undefined
  }
}

export const closing = (pid: string): StepwrightError =>
  new StepwrightError('ERR_RUNTIME_CLOSED', `The runtime of process ${pid} is closing`)

export const closedBefore = (pid: string): StepwrightError =>
  new StepwrightError(
    'ERR_RUNTIME_CLOSED',
    `The runtime of process ${pid} was closed before the process ended: another host goes on with it`,
  )
