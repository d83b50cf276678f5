import type { ProcessInfo } from '../store/info.ts'

/** Those who want to be told of every change. One that throws harms neither the process nor the others. */
export class Subscribers {
  readonly #listeners = new Set<(info: ProcessInfo) => void>()

  add(listener: (info: ProcessInfo) => void): () => void {
    if (typeof listener !== 'function') throw new TypeError(`subscribe(listener): expected a function, received ${typeof listener}`)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** `info` is asked for only if anyone listens. */
  tell(info: () => ProcessInfo): void {
    if (this.#listeners.size === 0) return
    const told = info()
    for (const listener of this.#listeners)
      try {
        listener(told)
      } catch (error) {
        process.emitWarning(`A subscriber of process ${told.pid} threw: ${error instanceof Error ? error.stack : String(error)}`)
      }
  }
}
