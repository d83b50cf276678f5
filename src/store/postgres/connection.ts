import type { Client, Pool, PoolClient } from 'pg'
import { isAway, openPool, persist } from './client.ts'
import type { Clients } from './client.ts'
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

  constructor(place: Place) {
    this.place = place
  }

  /** @throws ERR_STORE_READ, ERR_STORE_ACCESS, ERR_STORE_MISSING, ERR_STORE_VERSION */
  readonly ask: Ask = async (sql, values) => {
    const { pool } = await this.#open()
    return persist(this.place, 'read', () => askOf(pool)(sql, values), this.#isOpen)
  }

  /**
   * A transaction. It is tried again when the server was away or another one came in between, so
   * all of it may be done twice.
   *
   * @throws ERR_STORE_WRITE and what `body` throws
   */
  async transaction<T>(body: (ask: Ask) => Promise<T>): Promise<T> {
    const { pool } = await this.#open()
    return persist(
      this.place,
      'write',
      async () => {
        const client = await pool.connect()
        let failure: Error | undefined
        try {
          await client.query('BEGIN')
          const result = await body(askOf(client))
          await client.query('COMMIT')
          return result
        } catch (error) {
          failure = error as Error
          if (!isAway(error))
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
  }

  /** Tells readers and hosts what has changed, once the transaction is committed. */
  notify(ask: Ask, text: string): Promise<object[]> {
    return ask('SELECT pg_notify($1, $2)', [this.place.channel, text])
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
