import { ShortLivedMap } from '../../store/short-lived-map.ts'

/** Keeps Node alive while anything needs it to. Timers and sockets elsewhere hold nothing themselves. */
export class KeepAlive {
  readonly #needs = new ShortLivedMap<unknown, true>()
  #timer: NodeJS.Timeout | undefined

  add(need: unknown): void {
    this.#needs.set(need, true)
    this.#timer ??= setInterval(() => {}, 2 ** 30)
  }

  delete(need: unknown): void {
    this.#needs.delete(need)
    if (this.#needs.size === 0) this.clear()
  }

  clear(): void {
    this.#needs.clear()
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
