import { setTimeout as delay } from 'node:timers/promises'
import { writeFailed } from '../../journal/failures.ts'
import type { Database } from './database.ts'
import { isBusy, isSqliteError, storeFailure } from './failures.ts'

/**
 * Tasks added in one turn of the event loop are committed together, for at most this long; the rest
 * is committed in the next turn. In milliseconds.
 */
const BUDGET_MS = 8
/**
 * The pause between tries while another process writes, and the time after which the tasks fail. In
 * milliseconds.
 */
const RETRY_MS = 2
const GIVE_UP_MS = 5_000

interface Task {
  readonly work: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
}

type Outcome = { readonly value: unknown } | { readonly error: unknown }

/**
 * Commits tasks in groups: what many processes write in one turn of the event loop costs one
 * transaction. A promise resolves when its task is committed.
 */
export class Commits {
  readonly #db: Database
  readonly #committed: () => void
  #queue: Task[] = []
  #flushing = false

  /** @param committed called after each commit */
  constructor(db: Database, committed: () => void = () => {}) {
    this.#db = db
    this.#committed = committed
  }

  /**
   * @param work runs within a transaction, in the order of the calls, perhaps more than once; must
   * not wait. What it throws before it has written anything is its own; a failure of the database
   * undoes all it did
   * @throws ERR_STORE_WRITE, and whatever `work` throws
   */
  add<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve, reject })
      if (this.#flushing) return
      this.#flushing = true
      setImmediate(() => void this.#flush())
    })
  }

  async #flush(): Promise<void> {
    let waitsSince: number | undefined
    while (this.#queue.length > 0) {
      const busy = this.#commitSome()
      if (busy === undefined) {
        waitsSince = undefined
        if (this.#queue.length > 0) await new Promise(setImmediate)
        continue
      }
      waitsSince ??= performance.now()
      if (performance.now() - waitsSince > GIVE_UP_MS) {
        for (const { reject } of this.#queue.splice(0)) reject(writeFailed(this.#db.file, busy))
      } else await delay(RETRY_MS)
    }
    this.#flushing = false
  }

  /** @returns the error if another process is writing: nothing was done */
  #commitSome(): unknown {
    const tasks: Task[] = []
    const outcomes: Outcome[] = []
    try {
      this.#db.run('BEGIN IMMEDIATE')
    } catch (error) {
      if (isBusy(error)) return error
      this.#fail(this.#queue.splice(0), error)
      return undefined
    }
    try {
      const began = performance.now()
      for (const task of this.#queue) {
        tasks.push(task)
        outcomes.push(tryOut(task.work))
        if (performance.now() - began > BUDGET_MS) break
      }
      this.#db.run('COMMIT')
    } catch (error) {
      this.#queue.splice(0, tasks.length)
      this.#undo()
      // One of the tasks may be at fault, and only that one should fail.
      if (tasks.length > 1) for (const task of tasks) this.#commitAlone(task)
      else this.#fail(tasks, error)
      return undefined
    }
    this.#queue.splice(0, tasks.length)
    settle(tasks, outcomes)
    this.#committed()
    return undefined
  }

  #commitAlone(task: Task): void {
    try {
      this.#db.run('BEGIN IMMEDIATE')
      const outcome = tryOut(task.work)
      this.#db.run('COMMIT')
      settle([task], [outcome])
      this.#committed()
    } catch (error) {
      this.#undo()
      this.#fail([task], error)
    }
  }

  #undo(): void {
    try {
      this.#db.rollback()
    } catch {
      // Then the next transaction cannot begin, and fails.
    }
  }

  #fail(tasks: readonly Task[], error: unknown): void {
    for (const { reject } of tasks) reject(storeFailure(this.#db.file, error, 'write'))
  }
}

function tryOut(work: () => unknown): Outcome {
  try {
    return { value: work() }
  } catch (error) {
    if (isSqliteError(error)) throw error
    return { error }
  }
}

function settle(tasks: readonly Task[], outcomes: readonly Outcome[]): void {
  tasks.forEach(({ resolve, reject }, i) => {
    const outcome = outcomes[i]!
    if ('error' in outcome) reject(outcome.error as Error)
    else resolve(outcome.value as never)
  })
}
