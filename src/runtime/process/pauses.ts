/** The definitions of which nothing begins for now, and what waits for that to end. */
export class Pauses {
  /** Called with each name that is no longer paused. */
  onResume: (name: string) => void = () => {}
  #paused: ReadonlySet<string> = new Set()
  readonly #held = new Map<string, Set<() => void>>()

  has(name: string): boolean {
    return this.#paused.has(name)
  }

  /** What is paused now. What was held of other names begins, in the order in which it came. */
  set(names: readonly string[]): void {
    const before = this.#paused
    this.#paused = new Set(names)
    for (const name of before) {
      if (this.#paused.has(name)) continue
      const held = this.#held.get(name) ?? []
      this.#held.delete(name)
      for (const begin of held) begin()
      this.onResume(name)
    }
  }

  /** Calls `begin` once the name is no longer paused. */
  hold(name: string, begin: () => void): void {
    const held = this.#held.get(name) ?? new Set()
    this.#held.set(name, held.add(begin))
  }
}
