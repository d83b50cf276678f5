import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { StepwrightError } from '../../errors.ts'
import { SERVER_WAITS_MS, breakConnection, connect, disconnect, keepsAlive, persist } from './client.ts'
import { sessionShared } from './failures.ts'
import type { HostNote } from './notifications.ts'
import { FOLLOWERS, channelOf } from './place.ts'
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
  /** Something was notified to this host. */
  readonly onNote: (note: HostNote) => void
  /** Whether anybody follows processes, as far as is known. */
  readonly onFollowers: (areThere: boolean) => void
  /**
   * No answer for so long that the server may take this host for dead: nothing may go on here.
   * Called once per silence.
   */
  readonly onSilence: () => void
  /** The session was lost, and there is a new one: others may have taken what this host owned. */
  readonly onRenewal: () => Promise<void>
  /** This host cannot have a session of its own any more: it shows nobody that it lives. */
  readonly onRefusal: (error: StepwrightError) => void
}

/** The session whose lock shows that a host lives. */
export class HostSession {
  readonly #place: Place
  readonly #hostId: string
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
  constructor(
    place: Place,
    hostId: string,
    number: number,
    events: SessionEvents,
    backendElsewhere: () => Promise<number>,
  ) {
    this.#place = place
    this.#hostId = hostId
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
    const client = await connect(this.#place)
    let backend: number
    try {
      client.on('notification', ({ payload = '' }) => this.#events.onNote(payload as HostNote))
      // Waits while somebody is just taking what this host had.
      const { rows } = await client.query<{ backend: number }>(
        "SELECT pg_advisory_lock($1, $2), set_config('stepwright.host', $3, false), pg_backend_pid() AS backend",
        [this.#place.locks, this.#number, this.#hostId],
      )
      backend = rows[0]!.backend
      await client.query(`LISTEN ${channelOf(this.#place, this.#hostId)}`)
      await this.#check(client, backend)
      // A pooler in transaction mode that has little to do gives all connections the same session:
      // the lock seems to be there for long.
      if (backend === (await this.#backendElsewhere())) throw sessionShared(this.#place.location)
      if (this.#closed) throw new Error('closed meanwhile')
    } catch (error) {
      void this.#letGo(client, error)
      throw error
    }
    // A host alone does not keep Node alive.
    keepsAlive(client, false)
    this.#client = client
    this.#hear()
    client.once('end', () => void this.#renew(client))
    this.#schedulePing(client, backend)
  }

  /**
   * Whether this is still the session that took the lock, and nobody has reset it since: that lets
   * locks go. To look for the lock itself would be to look at the locks of all hosts.
   *
   * @param backend the process of the server that serves the session with the lock
   * @throws ERR_STORE_ACCESS
   */
  async #check(client: Client, backend: number): Promise<void> {
    const sql = `SELECT pg_backend_pid() AS backend, current_setting('stepwright.host', true) AS host,
      NOT pg_try_advisory_xact_lock($1, ${FOLLOWERS}) AS followed`
    const { rows } = await client.query<{ backend: number; host: string; followed: boolean }>(sql, [this.#place.locks])
    if (rows[0]?.backend !== backend || rows[0].host !== this.#hostId) throw sessionShared(this.#place.location)
    this.#events.onFollowers(rows[0].followed)
  }

  /** A session that is given to others keeps the lock: this host would seem to live for ever. */
  async #letGo(client: Client, error: unknown): Promise<void> {
    const { locks } = this.#place
    if (error instanceof StepwrightError)
      await client.query('SELECT pg_advisory_unlock($1, $2)', [locks, this.#number]).catch(() => {})
    await disconnect(client)
  }

  #hear(): void {
    this.#silentTurns = 0
    this.#isSilent = false
  }

  #schedulePing(client: Client, backend: number): void {
    this.#pinging = setTimeout(() => {
      this.#check(client, backend).then(
        () => {
          this.#hear()
          if (client === this.#client) this.#schedulePing(client, backend)
        },
        (error: unknown) => void (error instanceof StepwrightError ? this.#refuse(error) : this.#renew(client)),
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
    // Who begins to follow now cannot say so.
    this.#events.onFollowers(true)
    while (!this.#closed) {
      try {
        await this.#take()
        await this.#events.onRenewal()
        return
      } catch (error) {
        if (error instanceof StepwrightError && error.code === 'ERR_STORE_ACCESS') return this.#refuse(error)
        // A session that was taken holds the lock: the next one would wait for it.
        if (this.#client) breakConnection(this.#client)
        this.#client = undefined
        await delay(RECONNECT_MS)
      }
    }
  }

  /** Once: a pooler that gives sessions away goes on doing so. */
  #refuse(error: StepwrightError): void {
    if (this.#closed) return
    void this.close()
    this.#events.onRefusal(error)
  }
}
