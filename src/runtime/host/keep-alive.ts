import { ShortLivedMap } from '../../store/short-lived-map.ts'

/**
 * Keeps Node alive while anything needs it to. Timers and sockets elsewhere hold nothing
 * themselves.
 */
export class KeepAlive {
  readonly #needs = new ShortLivedMap<unknown, true>()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  add(need: unknown): void {
    if (this.#isClosed) return
    this.#needs.set(need, true)
    this.#timer ??= setInterval(() => {}, 2 ** 30)
  }

  delete(need: unknown): void {
    this.#needs.delete(need)
    if (this.#needs.size === 0) this.#stop()
  }

  /** Nothing is needed any more, whatever a process that was given up still does. */
  close(): void {
    this.#isClosed = true
    this.#needs.clear()
    this.#stop()
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
