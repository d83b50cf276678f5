import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { isBusy, storeFailure } from './failures.ts'

/**
 * Waits between tries at a database that is just being set up, or recovered, by another process; in
 * milliseconds.
 */
const BUSY_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] as const

/**
 * A connection, and the statements prepared on it. All calls are synchronous, and no transaction
 * outlives the call that began it.
 */
export class Database {
  /** Absolute. */
  readonly file: string
  readonly #connection: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(file: string, connection: DatabaseSync) {
    this.file = file
    this.#connection = connection
  }

  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values) as Row[]
  }

  /** @returns how many rows it changed */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes)
  }

  /** @returns the rowid */
  insert(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).lastInsertRowid)
  }

  /** Runs statements that are not needed again. */
  exec(sql: string): void {
    this.#connection.exec(sql)
  }

  rollback(): void {
    // After some failures SQLite itself has rolled back.
    if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK')
  }

  /**
   * Reads, and tries again while another process keeps the database busy.
   *
   * @throws ERR_STORE_READ, ERR_STORE_CORRUPT, ERR_STORE_ACCESS
   */
  async read<T>(work: () => T): Promise<T> {
    return whileBusy(this.file, 'read', work)
  }

  close(): void {
    if (this.#connection.isOpen) this.#connection.close()
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) this.#statements.set(sql, (statement = this.#connection.prepare(sql)))
    return statement
  }
}

/** Calls `work`, and again after a pause while the database is busy, for about two seconds. */
export async function whileBusy<T>(file: string, doing: 'read' | 'write', work: () => T): Promise<T> {
  for (const pause of BUSY_MS) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error)) throw storeFailure(file, error, doing)
    }
    await delay(pause)
  }
  try {
    return work()
  } catch (error) {
    throw storeFailure(file, error, doing)
  }
}
