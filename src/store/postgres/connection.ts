import type { Client, Pool, PoolClient } from 'pg'
import { isAway, openPool, persist } from './client.ts'
import type { Clients } from './client.ts'
import { NOTIFY, notifyValues } from './notifications.ts'
import type { Note } from './notifications.ts'
import type { Place } from './place.ts'
import { checkVersion, versionOf } from './schema.ts'
import { storeMissing } from './failures.ts'

/** Asks the server one thing and returns the rows. */
export type Ask = <Row extends object>(sql: string, values?: readonly unknown[]) => Promise<Row[]>

/** Most readers need one connection; a second one keeps a long list from holding up the rest. */
const MAX_CONNECTIONS = 2

const askOf =
  (client: Client | PoolClient | Pool): Ask =>
  async <Row extends object>(sql: string, values: readonly unknown[] = []) =>
    (await client.query<Row>(sql, [...values])).rows

/** What reads and small transactions go through. Waits for a server that is away. */
export class Connection {
  readonly place: Place
  #clients: Promise<Clients> | undefined
  #closed = false
  #unanswered = 0

  constructor(place: Place) {
    this.place = place
  }

  /** @throws ERR_STORE_READ, ERR_STORE_ACCESS, ERR_STORE_MISSING, ERR_STORE_VERSION */
  readonly ask: Ask = async (sql, values) => {
    const { pool } = await this.#open()
    return persist(this.place, 'read', () => askOf(pool)(sql, values), this.#isOpen)
  }

  /** Transactions that may have been committed though no answer came. */
  get unanswered(): number {
    return this.#unanswered
  }

  /**
   * A transaction, and notes that are sent once it is committed. It is tried again when the server
   * was away or another one came in between, so all of it may be done twice.
   *
   * @throws ERR_STORE_WRITE and what `body` throws
   */
  async transaction<T>(body: (ask: Ask, notify: (...notes: Note[]) => void) => Promise<T>): Promise<T> {
    const { pool } = await this.#open()
    let notes: Note[] = []
    const result = await persist(
      this.place,
      'write',
      async () => {
        const client = await pool.connect()
        let failure: Error | undefined
        notes = []
        try {
          await client.query('BEGIN')
          const made = await body(askOf(client), (...more) => void notes.push(...more))
          await client.query('COMMIT')
          return made
        } catch (error) {
          failure = error as Error
          if (isAway(error)) this.#unanswered += 1
          else
            await client.query('ROLLBACK').then(
              () => (failure = undefined),
              () => {},
            )
          throw error
        } finally {
          // A connection on which nothing can be taken back is thrown away.
          client.release(failure)
        }
      },
      this.#isOpen,
    )
    await this.notify(notes)
    return result
  }

  /** Best effort: what was done is done, whether anybody hears of it or not. */
  async notify(notes: readonly Note[]): Promise<void> {
    if (notes.length > 0) await this.ask(NOTIFY, notifyValues(notes)).catch(() => {})
  }

  /** The network swallows what is sent: whoever waits for an answer asks anew. */
  async breakAll(): Promise<void> {
    await this.#clients?.then(
      clients => clients.breakAll(),
      () => {},
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    const clients = this.#clients
    this.#clients = undefined
    await clients?.then(
      ({ pool }) => pool.end(),
      () => {},
    )
  }

  readonly #isOpen = (): boolean => !this.#closed

  #open(): Promise<Clients> {
    if (this.#clients !== undefined) return this.#clients
    const opening = this.#openChecked()
    opening.catch(() => {
      if (this.#clients === opening) this.#clients = undefined
    })
    return (this.#clients = opening)
  }

  async #openChecked(): Promise<Clients> {
    const clients = await openPool(this.place, MAX_CONNECTIONS)
    try {
      const version = await persist(this.place, 'read', () => versionOf(clients.pool, this.place), this.#isOpen)
      if (version === undefined) throw storeMissing(this.place.location)
      checkVersion(version, this.place)
      return clients
    } catch (error) {
      await clients.pool.end()
      throw error
    }
  }
}
