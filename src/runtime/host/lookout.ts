import { systemClock } from '../clock.ts'

/** Hosts are woken; this is for what they did not hear. */
const INTERVAL_MS = 1_000

/** Looks into the store for what clients have put there for this host: when woken, and now and then. One look at a time. */
export class Lookout {
  readonly #look: () => Promise<void>
  readonly #onError: (error: unknown) => void
  #looking: Promise<void> | undefined
  #again = false
  #stopped = false
  #cancel: () => void = () => {}

  constructor(look: () => Promise<void>, onError: (error: unknown) => void) {
    this.#look = look
    this.#onError = onError
  }

  /** What is put into the store from now on is seen. */
  readonly wake = (): void => {
    if (this.#stopped) return
    if (this.#looking !== undefined) this.#again = true
    else this.#looking = this.#lookAll()
  }

  /** Resolves once the look under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#looking
  }

  async #lookAll(): Promise<void> {
    this.#cancel()
    do {
      this.#again = false
      try {
        await this.#look()
      } catch (error) {
        this.#onError(error)
      }
    } while (this.#again && !this.#stopped)
    this.#looking = undefined
    if (!this.#stopped) this.#cancel = systemClock.after(INTERVAL_MS, this.wake)
  }
}
