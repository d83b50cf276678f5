/** Those who wait until a host has nothing more to do. */
export class Idleness {
  readonly #isIdle: () => boolean
  readonly #onIdle: () => void
  readonly #waiting = new Set<() => void>()

  /** @param onIdle called each time the host is found idle */
  constructor(isIdle: () => boolean, onIdle: () => void) {
    this.#isIdle = isIdle
    this.#onIdle = onIdle
  }

  get isAwaited(): boolean {
    return this.#waiting.size > 0
  }

  wait(): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.add(resolve)
      this.check()
    })
  }

  check(): void {
    if (!this.#isIdle()) return
    this.#onIdle()
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
