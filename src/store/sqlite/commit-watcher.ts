import type { Database } from './database.ts'

/** How often the database is asked whether another process has written, in milliseconds. */
const POLL_MS = 50

/**
 * Wakes waiting readers when anybody has changed the store. One timer serves all of them, and keeps
 * Node alive while one waits.
 */
export class CommitWatcher {
  readonly #db: Database
  readonly #waiting = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined
  #ownCommits = 0

  constructor(db: Database) {
    this.#db = db
  }

  /** A text that changes with each commit. Get it before reading, so that nothing is missed. */
  now(): string {
    // SQLite counts the commits of other connections only.
    return `${this.#db.get<{ data_version: number }>('PRAGMA data_version')!.data_version}+${this.#ownCommits}`
  }

  /** Resolves once something was committed since `seen`, or when the signal aborts. */
  async changed(seen: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.#db.read(() => this.now())) === seen) await this.#tick(signal)
  }

  /** Wakes the readers at once, because a host of this Node process has committed. */
  notify(): void {
    for (const wake of this.#waiting) wake()
  }

  /** Call after each commit of this connection. */
  committed(): void {
    this.#ownCommits += 1
    this.notify()
  }

  #tick(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        if (this.#waiting.size === 0) this.#stop()
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
      this.#timer ??= setInterval(() => this.notify(), POLL_MS)
    })
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
