import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { SERVER_WAITS_MS, breakConnection, connect, disconnect, keepsAlive, persist } from './client.ts'
import { sessionShared } from './failures.ts'
import { holdsLock } from './liveness.ts'
import type { Place } from './place.ts'

const PING_MS = 1_000
/**
 * Silence is counted in turns of our own event loop: while we are blocked, or stopped, no answer
 * can reach us.
 */
const TURN_MS = 250
/** A host that hears nothing gives its processes up before the server lets go of its lock. */
const SILENCE_MS = SERVER_WAITS_MS - 2_000
const RECONNECT_MS = 100

export interface SessionEvents {
  /** A notification. */
  readonly onNote: (note: string) => void
  /**
   * No answer for so long that the server may take this host for dead: nothing may go on here.
   * Called once per silence.
   */
  readonly onSilence: () => void
  /** The session was lost, and there is a new one: others may have taken what this host owned. */
  readonly onRenewal: () => Promise<void>
}

/** The session whose lock shows that a host lives. */
export class HostSession {
  readonly #place: Place
  readonly #number: number
  readonly #events: SessionEvents
  readonly #backendElsewhere: () => Promise<number>
  #client: Client | undefined
  #silentTurns = 0
  #isSilent = false
  #ticking: NodeJS.Timeout | undefined
  #pinging: NodeJS.Timeout | undefined
  #closed = false

  /**
   * @param backendElsewhere the process of the server that serves another connection of this host
   */
  constructor(place: Place, number: number, events: SessionEvents, backendElsewhere: () => Promise<number>) {
    this.#place = place
    this.#number = number
    this.#events = events
    this.#backendElsewhere = backendElsewhere
  }

  /** @throws ERR_STORE_ACCESS behind a pooler that gives a session away */
  async open(): Promise<void> {
    await persist(
      this.#place,
      'write',
      () => this.#take(),
      () => !this.#closed,
    )
    await this.#mustBeOwn()
    this.#ticking = setInterval(() => this.#tick(), TURN_MS).unref()
  }

  /** From here on others see the host dead. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#ticking)
    clearTimeout(this.#pinging)
    if (this.#client) await disconnect(this.#client)
  }

  async #take(): Promise<void> {
    const { locks, channel } = this.#place
    const client = await connect(this.#place)
    try {
      client.on('notification', ({ payload = '' }) => this.#events.onNote(payload))
      // Waits while somebody is just taking what this host had.
      await client.query('SELECT pg_advisory_lock($1, $2)', [locks, this.#number])
      await client.query(`LISTEN ${channel}`)
      await this.#check(client)
    } catch (error) {
      void disconnect(client)
      throw error
    }
    // A host alone does not keep Node alive.
    keepsAlive(client, false)
    this.#client = client
    this.#hear()
    client.once('end', () => void this.#renew(client))
    this.#schedulePing(client)
  }

  async #check(client: Client): Promise<void> {
    const sql = `SELECT ${holdsLock(this.#place, String(this.#number))} AND EXISTS (
      SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND objid::int = ${this.#number}) AS held`
    const { rows } = await client.query<{ held: boolean }>(sql)
    if (!rows[0]?.held) throw sessionShared(this.#place.location)
  }

  /**
   * A pooler in transaction mode that has little to do gives all connections the same session: the
   * lock seems to be there for long.
   */
  async #mustBeOwn(): Promise<void> {
    const rows = await this.#client?.query<{ backend: number }>('SELECT pg_backend_pid() AS backend')
    if (rows?.rows[0]?.backend === (await this.#backendElsewhere())) throw sessionShared(this.#place.location)
  }

  #hear(): void {
    this.#silentTurns = 0
    this.#isSilent = false
  }

  #schedulePing(client: Client): void {
    this.#pinging = setTimeout(() => {
      this.#check(client).then(
        () => {
          this.#hear()
          if (client === this.#client) this.#schedulePing(client)
        },
        () => void this.#renew(client),
      )
    }, PING_MS).unref()
  }

  #tick(): void {
    this.#silentTurns += 1
    if (this.#isSilent || this.#silentTurns * TURN_MS < SILENCE_MS) return
    this.#isSilent = true
    this.#events.onSilence()
    // A connection that is silent for so long is not waited for.
    const client = this.#client
    if (client) void this.#renew(client)
  }

  async #renew(lost: Client): Promise<void> {
    if (this.#client !== lost) return
    this.#client = undefined
    clearTimeout(this.#pinging)
    breakConnection(lost)
    while (!this.#closed) {
      try {
        await this.#take()
        await this.#events.onRenewal()
        return
      } catch {
        await delay(RECONNECT_MS)
      }
    }
  }
}
