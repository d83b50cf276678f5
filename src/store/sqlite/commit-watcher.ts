import type { Database } from './database.ts'

/** How often the database is asked whether somebody else has written. */
const POLL_MS = 50

/** Tells waiting readers that a store has changed, whoever changed it. One timer serves all of them, and keeps Node alive as long as one waits. */
export class CommitWatcher {
  readonly #db: Database
  readonly #waiting = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined
  #ownCommits = 0

  constructor(db: Database) {
    this.#db = db
  }

  /** Another text after each commit. Ask before reading, so that nothing is missed. */
  now(): string {
    // SQLite tells of other connections' commits only.
    return `${this.#db.get<{ data_version: number }>('PRAGMA data_version')!.data_version}+${this.#ownCommits}`
  }

  /** Resolves once something was committed since `seen`, or when the signal aborts. */
  async changed(seen: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.#db.read(() => this.now())) === seen) await this.#tick(signal)
  }

  /** A host of this Node process has committed: nobody needs to wait for the timer. */
  notify(): void {
    for (const wake of this.#waiting) wake()
  }

  /** This connection has committed. */
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
