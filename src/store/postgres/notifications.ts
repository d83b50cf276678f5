import type { Client } from 'pg'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, disconnect, keepsAlive } from './client.ts'
import { FOLLOWERS, channelOf } from './place.ts'
import type { Place } from './place.ts'

/** Something may have gone unheard: whoever listens reads everything again. */
export type Heard = readonly string[] | 'everything'

const RETRY_MS = 200
/** Nobody listens for so long: the connection is closed. */
const IDLE_MS = 5_000
/** After so long every host knows that it is followed. */
const HEARD_MS = 1_500
/** Whatever is not committed yet has this number or a later one; they wrap around. */
const OLDEST_TRANSACTION = 'SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint % 4294967296)::text AS xid'
const CHANGED_SINCE = 'SELECT pid FROM processes WHERE age(xmin) <= age($1::text::xid)'
/** What a notification may hold (8,000 bytes), in pids of 20 characters. */
const PIDS_PER_NOTE = 350

/** What is notified. */
export interface Note {
  readonly channel: string
  readonly text: string
}

/**
 * There may be something in the store for a host; others have taken what it had; somebody follows
 * processes.
 */
export type HostNote = 'wake' | 'lost' | 'followed'

export const hostNote = (place: Place, hostId: string, text: HostNote): Note => ({
  channel: channelOf(place, hostId),
  text,
})

/** A host died: what it changed last, nobody may have been told. */
const EVERYTHING = '*'

export const everythingNote = ({ channel }: Place): Note => ({ channel, text: EVERYTHING })

/** The notifications that say which processes have changed. */
export function changeNotes({ channel }: Place, pids: readonly string[]): Note[] {
  const notes: Note[] = []
  for (let index = 0; index < pids.length; index += PIDS_PER_NOTE)
    notes.push({ channel, text: pids.slice(index, index + PIDS_PER_NOTE).join(' ') })
  return notes
}

/**
 * What sends notes. Always a transaction of its own, after the one that changed something: one that
 * notifies holds a lock of the whole server until it is committed, so that all hosts would commit
 * one after the other, each waiting for the disk. Alone it waits for no disk.
 */
export const NOTIFY = 'SELECT pg_notify(channel, note) FROM unnest($1::text[], $2::text[]) AS notes(channel, note)'

export const notifyValues = (notes: readonly Note[]): string[][] => [
  notes.map(({ channel }) => channel),
  notes.map(({ text }) => text),
]

/**
 * What is notified of a store, heard over one connection for all who listen here. Opened when
 * somebody does.
 */
export class Notifications {
  readonly #place: Place
  readonly #listeners = new Set<(heard: Heard) => void>()
  #client: Client | undefined
  #opening: Promise<void> | undefined
  #leaving: NodeJS.Timeout | undefined
  #closed = false

  constructor(place: Place) {
    this.#place = place
  }

  /** @returns how to stop listening */
  async listen(listener: (heard: Heard) => void): Promise<() => void> {
    this.#listeners.add(listener)
    clearTimeout(this.#leaving)
    this.#opening ??= this.#open()
    await this.#opening
    this.#keepAliveIfHeard()
    return () => {
      this.#listeners.delete(listener)
      this.#keepAliveIfHeard()
      if (this.#listeners.size === 0) this.#leaving = setTimeout(() => this.#leave(), IDLE_MS).unref()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#leaving)
    if (this.#client) await disconnect(this.#client)
  }

  /** Node stays as long as somebody listens. */
  #keepAliveIfHeard(): void {
    if (this.#client) keepsAlive(this.#client, this.#listeners.size > 0)
  }

  #tell(heard: Heard): void {
    for (const listener of this.#listeners) listener(heard)
  }

  async #open(): Promise<void> {
    while (!this.#closed && this.#listeners.size > 0) {
      try {
        const client = await connect(this.#place)
        client.on('notification', ({ payload = '' }) => {
          this.#tell(payload === EVERYTHING ? 'everything' : payload.split(' '))
        })
        client.once('end', () => void (client === this.#client && this.#reopen()))
        await client.query(`LISTEN ${this.#place.channel}`)
        await this.#beFollower(client)
        this.#client = client
        this.#keepAliveIfHeard()
        if (this.#closed) await disconnect(client)
        return
      } catch {
        await delay(RETRY_MS)
      }
    }
  }

  /** Hosts do not notify what they write before they have heard of it: that is looked for later. */
  async #beFollower(client: Client): Promise<void> {
    await client.query('SELECT pg_advisory_lock_shared($1, $2)', [this.#place.locks, FOLLOWERS])
    const { rows } = await client.query<{ xid: string }>(OLDEST_TRANSACTION)
    await client.query(`SELECT pg_notify($1 || id, 'followed') FROM hosts`, [channelOf(this.#place, '')])
    setTimeout(() => {
      const missed = client.query<{ pid: string }>(CHANGED_SINCE, [rows[0]!.xid])
      missed.then(found => found.rows.length > 0 && this.#tell(found.rows.map(({ pid }) => pid))).catch(() => {})
    }, HEARD_MS).unref()
  }

  /** Hosts notify as long as somebody is there. */
  #leave(): void {
    const client = this.#client
    if (client === undefined || this.#listeners.size > 0) return
    this.#client = undefined
    this.#opening = undefined
    void disconnect(client)
  }

  #reopen(): void {
    this.#client = undefined
    // Opened anew when somebody listens.
    this.#opening = undefined
    if (!this.#closed && this.#listeners.size > 0) this.#opening = this.#open().then(() => this.#tell('everything'))
  }
}

/** What one reader has heard since it last asked. */
export class Inbox {
  readonly #of: string | undefined
  #heard: Set<string> | 'everything' = new Set()
  #wake: () => void = () => {}
  #stop: () => void = () => {}

  /** @param of only changes of this process count */
  constructor(of?: string) {
    this.#of = of
  }

  async open(notifications: Notifications): Promise<void> {
    this.#stop = await notifications.listen(heard => this.#hear(heard))
  }

  /**
   * Waits until something has changed, or the signal aborts.
   *
   * @param atMostMs after so long it returns although nothing was heard
   */
  async next(signal: AbortSignal, atMostMs?: number): Promise<Set<string> | 'everything'> {
    if (this.#heard !== 'everything' && this.#heard.size === 0 && !signal.aborted) {
      await new Promise<void>(resolve => {
        const timer = atMostMs === undefined ? undefined : setTimeout(done, atMostMs).unref()
        function done(): void {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          resolve()
        }
        signal.addEventListener('abort', done, { once: true })
        this.#wake = done
      })
    }
    const heard = this.#heard
    this.#heard = new Set()
    return heard
  }

  close(): void {
    this.#stop()
  }

  #hear(heard: Heard): void {
    if (heard === 'everything') this.#heard = heard
    else if (this.#heard !== 'everything')
      for (const pid of heard) if (this.#of === undefined || pid === this.#of) this.#heard.add(pid)
    if (this.#heard === 'everything' || this.#heard.size > 0) this.#wake()
  }
}
