import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Client, QueryResult } from 'pg'
import { isWhole, toFirstLine } from '../../journal/line.ts'
import { checkRevision } from '../../journal/revision.ts'
import { epochOf, isFinal } from '../../record/record.ts'
import type { JournalLine, ProcessRecord, Trails } from '../../record/record.ts'
import { hostClosed } from '../failures.ts'
import type { Created } from '../store.ts'
import { breakConnection, connect, disconnect, isAway, keepsAlive, persist, storeFailure } from './client.ts'
import { notOurs } from './hosts.ts'
import { NOTIFY, changeNotes, notifyValues } from './notifications.ts'
import type { Place } from './place.ts'
import { TABLES } from './trails.ts'
import { arrayText, keyHash, labelTexts } from './values.ts'

/** What goes into one transaction at most: more is another one. */
const MAX_WRITES = 500
const MAX_CHARS = 8 * 1024 * 1024

/**
 * `ON CONFLICT` also meets keys that another host claims at the same time: it waits for that one's
 * commit.
 */
export const CREATE = `
  WITH i AS MATERIALIZED (
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::int[], $9::int[], $10::text[])
      AS t(pid, name, status, key, parent, labels, revision, epoch, line)),
  p AS (
    INSERT INTO processes (pid, name, status, owner, epoch, key, parent, labels, revision, newest, bytes)
    SELECT pid, name, status, $1, epoch, key, parent, labels::text[], revision, revision, length(line) FROM i
    ON CONFLICT DO NOTHING RETURNING id, pid),
  l AS (INSERT INTO lines (process, revision, line) SELECT p.id, i.revision, i.line FROM p JOIN i USING (pid))
  SELECT pid FROM p`

/**
 * Whose a process is, in which epoch, and at which line, is asked by the statement that writes:
 * nothing is written by a host that lost it.
 */
const APPEND = `
  WITH i AS MATERIALIZED (
    SELECT * FROM unnest($2::text[], $3::int[], $4::text[], $5::bool[], $6::bigint[], $7::int[], $8::text[])
      AS t(pid, revision, status, whole, ended_at, epoch, line)),
  u AS (
    UPDATE processes p SET
      revision = i.revision, newest = CASE WHEN i.whole THEN i.revision ELSE p.newest END, bytes = p.bytes + length(i.line), status = i.status,
      owner = CASE WHEN i.ended_at IS NULL THEN p.owner END, ended_by = CASE WHEN i.ended_at IS NULL THEN NULL ELSE $1 END, ended_at = i.ended_at
    FROM i WHERE p.pid = i.pid AND p.owner = $1 AND p.epoch = i.epoch AND p.revision = i.revision - 1
    RETURNING p.id, i.pid, i.revision, i.line, i.ended_at),
  f AS (DELETE FROM places USING u WHERE places.pid = u.pid AND u.ended_at IS NOT NULL AND NOT places.kept),
  l AS (INSERT INTO lines (process, revision, line) SELECT id, revision, line FROM u)
  SELECT pid FROM u`

const entriesInto = ({ table, size }: { readonly table: string; readonly size: string }): string => `
  WITH i AS MATERIALIZED (SELECT * FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS t(pid, entry, n)),
  o AS (SELECT p.id, i.entry, i.n FROM i JOIN processes p USING (pid) WHERE p.owner = $1 OR p.ended_at IS NOT NULL),
  l AS (INSERT INTO ${table} (process, entry) SELECT id, entry FROM o ORDER BY n),
  s AS (UPDATE processes p SET ${size} = p.${size} + x.chars FROM (SELECT id, sum(length(entry)) AS chars FROM o GROUP BY id) AS x WHERE p.id = x.id)
  SELECT n::int AS n FROM o`
const APPENDS = { log: entriesInto(TABLES.log), stream: entriesInto(TABLES.stream) } as const

interface Settled<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
  /** Sent before, and no answer came: it may have been done. */
  again?: boolean
}
interface Creation extends Settled<Created> {
  readonly kind: 'create'
  readonly pid: string
  readonly record: ProcessRecord
  readonly text: string
}
interface Line extends Settled<void> {
  readonly kind: 'line'
  readonly pid: string
  readonly line: JournalLine
  readonly text: string
}
interface Entry extends Settled<void> {
  readonly kind: keyof Trails
  readonly pid: string
  readonly text: string
}
type Write = Creation | Line | Entry

const isEntry = (write: Write): write is Entry => write.kind in APPENDS

const byPid = (a: Write, b: Write): number => (a.pid < b.pid ? -1 : 1)

/**
 * What a host writes in one turn of the event loop is one transaction, sent in one go: the server
 * is asked once, however many processes there are. Rows are locked in the order of pids, so that
 * two hosts never wait for each other.
 */
export class Commits {
  /** Whether anybody is to be notified of what is written. */
  areFollowed = true
  readonly #place: Place
  readonly #hostId: string
  #client: Client | undefined
  #queue: Write[] = []
  #isCommitting = false
  #closed = false

  constructor(place: Place, hostId: string) {
    this.#place = place
    this.#hostId = hostId
  }

  create(record: ProcessRecord): Promise<Created> {
    return new Promise((resolve, reject) =>
      this.#add({
        kind: 'create',
        pid: record.pid,
        record,
        text: JSON.stringify(toFirstLine(record)),
        resolve,
        reject,
      }),
    )
  }

  write(line: JournalLine): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#add({ kind: 'line', pid: line.pid, line, text: JSON.stringify(line), resolve, reject }),
    )
  }

  append(trail: keyof Trails, pid: string, text: string): Promise<void> {
    return new Promise((resolve, reject) => this.#add({ kind: trail, pid, text, resolve, reject }))
  }

  /** The network swallows what is sent: it is sent again over another connection. */
  break(): void {
    if (this.#client) breakConnection(this.#client)
  }

  /** What waits is refused. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { reject } of this.#queue.splice(0)) reject(hostClosed(this.#hostId))
    if (this.#client) await disconnect(this.#client)
  }

  #add(write: Write): void {
    this.#queue.push(write)
    if (!this.#isCommitting) void this.#commitAll()
  }

  async #commitAll(): Promise<void> {
    this.#isCommitting = true
    await nextTurn()
    if (this.#client) keepsAlive(this.#client, true)
    while (this.#queue.length > 0) await this.#commit(this.#takeSome())
    this.#isCommitting = false
    // An idle connection does not keep Node alive; one that is being closed does.
    if (this.#client && !this.#closed) keepsAlive(this.#client, false)
  }

  /** A journal has at most one line in a transaction: a statement changes a row once. */
  #takeSome(): Write[] {
    const taken: Write[] = []
    const left: Write[] = []
    const pids = new Set<string>()
    let chars = 0
    for (const write of this.#queue) {
      const isFull = taken.length > 0 && (taken.length >= MAX_WRITES || chars + write.text.length > MAX_CHARS)
      const waits = !isEntry(write) && pids.has(write.pid)
      if (isFull || waits) left.push(write)
      else {
        taken.push(write)
        chars += write.text.length
      }
      if (!isEntry(write)) pids.add(write.pid)
    }
    this.#queue = left
    return taken
  }

  /**
   * Sent until it is known whether it was committed. One that the server refuses takes nobody with
   * it.
   */
  async #commit(writes: readonly Write[]): Promise<void> {
    try {
      await persist(
        this.#place,
        'write',
        () => this.#try(writes),
        () => !this.#closed,
      )
    } catch (error) {
      if (writes.length > 1 && !isAway((error as Error).cause)) {
        for (const write of writes) await this.#commit([write])
        return
      }
      for (const { reject } of writes)
        reject(this.#closed ? hostClosed(this.#hostId) : storeFailure(this.#place, error, 'write'))
    }
  }

  async #try(writes: readonly Write[]): Promise<void> {
    const client = (this.#client ??= await connect(this.#place, { pipelined: true }))
    try {
      await this.#send(client, writes)
    } catch (error) {
      if (isAway(error)) {
        this.#client = undefined
        void disconnect(client)
        for (const write of writes) write.again = true
      }
      throw error
    }
  }

  async #send(client: Client, writes: readonly Write[]): Promise<void> {
    // A key is claimed in one order by all hosts, so that none waits for another that waits for it.
    const creations = writes
      .filter(write => write.kind === 'create')
      .toSorted((a, b) => ((a.record.key ?? '') < (b.record.key ?? '') ? -1 : 1))
    const appends = writes.filter(write => write.kind === 'line').toSorted(byPid)
    const entries = (['log', 'stream'] as const).map(trail => ({
      trail,
      entries: writes
        .filter(isEntry)
        .filter(({ kind }) => kind === trail)
        .toSorted(byPid),
    }))
    const asked: Promise<QueryResult>[] = []
    const ask = (name: string, text: string, values: readonly unknown[] = []): Promise<QueryResult> => {
      const answer = client.query({ name, text, values: [...values] })
      asked.push(answer)
      return answer
    }
    void ask('begin', 'BEGIN')
    const created =
      creations.length === 0 ? undefined : ask('create', CREATE, [this.#hostId, ...creationColumns(creations)])
    const appended = appends.length === 0 ? undefined : ask('append', APPEND, [this.#hostId, ...appendColumns(appends)])
    const added = entries
      .filter(group => group.entries.length > 0)
      .map(({ trail, entries: some }) => ({
        some,
        answer: ask(trail, APPENDS[trail], [this.#hostId, some.map(one => one.pid), some.map(one => one.text)]),
      }))
    void ask('commit', 'COMMIT')
    if (this.areFollowed) {
      const notes = changeNotes(this.#place, [...new Set(writes.map(({ pid }) => pid))])
      void ask('notify', NOTIFY, notifyValues(notes))
    }
    const outcomes = await Promise.allSettled(asked)
    const failed = outcomes.find(({ status }) => status === 'rejected')
    if (failed) throw (failed as PromiseRejectedResult).reason
    if (created) await this.#settleCreations(client, creations, pidsOf(await created))
    if (appended) await this.#settleAppends(client, appends, pidsOf(await appended))
    for (const { some, answer } of added) await this.#settleEntries(client, some, await answer)
  }

  async #settleCreations(client: Client, creations: readonly Creation[], created: ReadonlySet<string>): Promise<void> {
    for (const { pid, record, text, again, resolve, reject } of creations) {
      if (created.has(pid)) {
        resolve({ pid, created: true })
        continue
      }
      const { rows } = await client.query<{ pid: string; owner: string | null; line: string }>(
        `SELECT pid, owner, (SELECT line FROM lines WHERE process = id ORDER BY revision LIMIT 1) AS line
         FROM processes WHERE pid = $1 OR key = $2 ORDER BY pid <> $1`,
        [pid, keyHash(record.key)],
      )
      const [holder] = rows
      if (holder?.pid === pid && again && holder.line === text) resolve({ pid, created: true })
      else if (holder?.pid === pid) reject(new TypeError(`Process ${pid} is there already: a new one needs a new pid`))
      else if (holder) resolve({ pid: holder.pid, created: false })
      // Whoever had the key has gone meanwhile.
      else this.#queue.push({ kind: 'create', pid, record, text, resolve, reject })
    }
  }

  async #settleAppends(client: Client, appends: readonly Line[], appended: ReadonlySet<string>): Promise<void> {
    for (const { pid, line, text, resolve, reject } of appends) {
      if (appended.has(pid)) {
        resolve()
        continue
      }
      const { rows } = await client.query<{
        owner: string | null
        ended_by: string | null
        epoch: number
        revision: number
        line: string | null
      }>(
        `SELECT owner, ended_by, epoch, revision, (SELECT line FROM lines WHERE process = id AND revision = $2) AS line
         FROM processes WHERE pid = $1`,
        [pid, line.revision],
      )
      const [row] = rows
      const isOurs =
        row?.epoch === epochOf(line) &&
        (row.owner === this.#hostId || (isFinal(line.status) && row.ended_by === this.#hostId))
      if (row === undefined || !isOurs) reject(notOurs(pid, this.#hostId, row))
      // It was committed before, and no answer came.
      else if (row.revision === line.revision && row.line === text) resolve()
      else {
        try {
          checkRevision(line, row.revision)
          resolve()
        } catch (error) {
          reject(error as Error)
        }
      }
    }
  }

  async #settleEntries(client: Client, entries: readonly Entry[], { rows }: QueryResult): Promise<void> {
    const taken = new Set((rows as { n: number }[]).map(({ n }) => n))
    for (const [index, { pid, resolve, reject }] of entries.entries()) {
      if (taken.has(index + 1)) {
        resolve()
        continue
      }
      const found = await client.query<{ owner: string | null }>('SELECT owner FROM processes WHERE pid = $1', [pid])
      reject(notOurs(pid, this.#hostId, found.rows[0]))
    }
  }
}

const pidsOf = ({ rows }: QueryResult): Set<string> => new Set((rows as { pid: string }[]).map(({ pid }) => pid))

export const creationColumns = (creations: readonly Pick<Creation, 'record' | 'text'>[]): unknown[][] => {
  const records = creations.map(({ record }) => record)
  return [
    records.map(({ pid }) => pid),
    records.map(({ name }) => name),
    records.map(({ status }) => status),
    records.map(({ key }) => keyHash(key)),
    records.map(({ parent }) => parent?.pid ?? null),
    records.map(({ labels }) => arrayText(labelTexts(labels))),
    records.map(({ revision }) => revision),
    records.map(record => epochOf(record)),
    creations.map(({ text }) => text),
  ]
}

const appendColumns = (appends: readonly Line[]): unknown[][] => {
  const lines = appends.map(({ line }) => line)
  return [
    lines.map(({ pid }) => pid),
    lines.map(({ revision }) => revision),
    lines.map(({ status }) => status),
    lines.map(line => isWhole(line)),
    lines.map(({ status, at }) => (isFinal(status) ? at : null)),
    lines.map(line => epochOf(line)),
    appends.map(({ text }) => text),
  ]
}
