import type { Store } from '../../store/store.ts'

/** Hosts that have come since are found a little later: they look by themselves when they open. */
const KNOWN_MS = 2_000

/** The other hosts of the store: told that there may be something for them to do. */
export class Neighbours {
  readonly #store: Pick<Store, 'hosts' | 'wake'>
  readonly #hostId: string
  #ids: readonly string[] = []
  #knownAt = -Infinity
  #isLooking = false
  /** Hosts that are being woken, and whether there was something new meanwhile. */
  readonly #waking = new Map<string, boolean>()

  constructor(store: Pick<Store, 'hosts' | 'wake'>, hostId: string) {
    this.#store = store
    this.#hostId = hostId
  }

  /** Best effort: they also poll. One that does not answer holds up no other. */
  wake(): void {
    for (const id of this.#ids) this.#wakeOne(id)
    if (performance.now() - this.#knownAt > KNOWN_MS && !this.#isLooking) void this.#look()
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    try {
      const before = new Set(this.#ids)
      const hosts = await this.#store.hosts()
      this.#ids = hosts.filter(({ id, state }) => id !== this.#hostId && state !== 'dead').map(({ id }) => id)
      for (const id of this.#ids) if (!before.has(id)) this.#wakeOne(id)
    } catch {
      // They poll.
    } finally {
      this.#knownAt = performance.now()
      this.#isLooking = false
    }
  }

  #wakeOne(id: string): void {
    if (this.#waking.has(id)) return void this.#waking.set(id, true)
    this.#waking.set(id, false)
    void this.#store
      .wake(id)
      .catch(() => {})
      .finally(() => {
        const isAgain = this.#waking.get(id) === true
        this.#waking.delete(id)
        if (isAgain) this.#wakeOne(id)
      })
  }
}
