import { systemClock } from '../../record/clock.ts'

/** Hosts are woken; this is for what they did not hear. */
const INTERVAL_MS = 1_000

/**
 * Calls `look` whenever the host is woken, and now and then by itself: clients may have put
 * something into the store. One look at a time.
 */
export class Wakeups {
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

  /** Whatever is in the store when this is called will be seen. */
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
