import type { ProcessRecord } from '../../record/record.ts'

/** The end of a process for those who hold its handle. Lazy: an end nobody waits for costs nothing, a failure is no unhandled rejection. */
export class Ending {
  #outcome: (() => ProcessRecord) | undefined
  #waiting: PromiseWithResolvers<void> | undefined

  /** The first call counts. `outcome` returns the last record, or throws why there is none. */
  settle(outcome: () => ProcessRecord): void {
    this.#outcome ??= outcome
    this.#waiting?.resolve()
  }

  async wait(): Promise<ProcessRecord> {
    for (;;) {
      if (this.#outcome) return this.#outcome()
      this.#waiting ??= Promise.withResolvers<void>()
      await this.#waiting.promise
    }
  }
}
