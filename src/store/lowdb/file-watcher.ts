import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'

/**
 * Waits for a file to change. A watch makes this fast where watches work. A timer makes it certain,
 * and keeps Node alive meanwhile.
 */
export class FileWatcher {
  readonly #signal: AbortSignal
  readonly #watcher: FSWatcher | undefined
  #changed = false
  #wake: (() => void) | undefined
  readonly #notify = (): void => {
    this.#changed = true
    this.#wake?.()
  }

  constructor(file: string, signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', this.#notify, { once: true })
    try {
      this.#watcher = watch(file, { persistent: false }, this.#notify)
      // There may be too many watches, or none on this file system. Then the timer is enough.
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      this.#watcher = undefined
    }
  }

  /** Resolves after a change since the last call, after `ms`, or when the signal aborts. */
  async wait(ms: number): Promise<void> {
    if (!this.#changed && !this.#signal.aborted) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, ms)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#wake = undefined
    this.#changed = false
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#notify)
    this.#watcher?.close()
  }
}
