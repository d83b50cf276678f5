import type { StepwrightError } from '../../errors.ts'
import { COMPACT_AT } from '../../journal/worth-keeping.ts'
import type { LimitRecord } from '../../record/limit.ts'
import { isPid } from '../../record/pid.ts'
import { epochOf, isFinal } from '../../record/record.ts'
import type { JournalLine, ProcessRecord, TrailEntries, Trails } from '../../record/record.ts'
import { hostClosed, notAPid } from '../failures.ts'
import { newCard } from '../hosts/card.ts'
import { createHostId } from '../hosts/host-id.ts'
import { journalOf } from '../journal-of-history.ts'
import type { AdoptedProcess, Created, HostStore } from '../store.ts'
import { AbandonedOwners, forgetIfEmpty, giveBack, takeSome } from './adopt.ts'
import type { Abandoned } from './adopt.ts'
import { Commits } from './commits.ts'
import { compact } from './compact.ts'
import { expire } from './expire.ts'
import { RELEASED, SUBMITTED, forgetHost, notOurs } from './hosts.ts'
import { importProcess } from './import.ts'
import { changeNotes } from './notifications.ts'
import type { HostNote } from './notifications.ts'
import { claim, vacate } from './places.ts'
import type { Reader } from './reader.ts'
import { HostSession } from './session.ts'
import { complete, takeSubmitted } from './submissions.ts'
import { CUT_EVERY, cutTrails } from './trails.ts'

/**
 * Registers a host: its lock first, so that nobody ever sees a host that seems dead before it
 * began.
 */
export async function openPostgresHost(reader: Reader): Promise<HostStore> {
  const [row] = await reader.connection.ask<{ number: number }>("SELECT nextval('host_numbers')::int AS number")
  const host = new PostgresHost(createHostId(), row!.number, reader)
  await host.open()
  return host
}

export class PostgresHost implements HostStore {
  readonly hostId: string
  readonly #number: number
  readonly #reader: Reader
  readonly session: HostSession
  readonly #commits: Commits
  readonly #abandoned: AbandonedOwners
  /** What this host has in its hands, with the epoch it has it in. */
  readonly #held = new Map<string, number>()
  /** On its way into its hands: whoever asks the store may see it there already. */
  readonly #coming = new Set<string>()
  /** As many transactions had no answer when it was last looked what is ours. */
  #settled = 0
  /** Characters written to journals since they were compacted last. */
  readonly #grown = new Map<string, { chars: number; compactAt: number }>()
  /** The processes whose logs and streams were written to since they were last cut. */
  readonly #trails = { log: { pids: new Set<string>(), chars: 0 }, stream: { pids: new Set<string>(), chars: 0 } }
  #onWake: () => void = () => {}
  #onLost: (pids: readonly string[]) => void = () => {}
  #closed: Promise<void> | undefined
  /** Why this host can do nothing any more. */
  #refused: StepwrightError | undefined

  constructor(hostId: string, number: number, reader: Reader) {
    this.hostId = hostId
    this.#number = number
    this.#reader = reader
    this.#commits = new Commits(reader.place, hostId)
    this.#abandoned = new AbandonedOwners(reader.connection, hostId)
    const { ask } = reader.connection
    this.session = new HostSession(
      reader.place,
      hostId,
      number,
      {
        onNote: note => this.#hear(note),
        onFollowers: areThere => (this.#commits.areFollowed = areThere),
        onSilence: () => this.#fence(),
        onRenewal: () => this.#takeStock(),
        onRefusal: error => {
          this.#refused = error
          this.#fence()
        },
      },
      async () => (await ask<{ backend: number }>('SELECT pg_backend_pid() AS backend'))[0]!.backend,
    )
  }

  async open(): Promise<void> {
    try {
      await this.session.open()
      await this.#register()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  onWake(listener: () => void): void {
    this.#onWake = listener
  }

  onLost(listener: (pids: readonly string[]) => void): void {
    this.#onLost = listener
  }

  async create(record: ProcessRecord): Promise<Created> {
    this.#checkOpen()
    const { pid } = record
    if (!isPid(pid)) throw notAPid(pid)
    this.#coming.add(pid)
    try {
      const made = await this.#commits.create(record)
      if (made.created) this.#held.set(pid, epochOf(record))
      return made
    } finally {
      this.#coming.delete(pid)
    }
  }

  async import(history: readonly ProcessRecord[], trails: TrailEntries): Promise<Created> {
    this.#checkOpen()
    return importProcess(this.#reader.connection, journalOf(history), trails)
  }

  async write(line: JournalLine): Promise<void> {
    this.#checkOpen()
    const { pid } = line
    await this.#commits.write(line)
    if (isFinal(line.status)) this.#forget(pid)
    else await this.#compactIfLong(line)
  }

  async append<T extends keyof Trails>(trail: T, pid: string, entries: readonly Trails[T][]): Promise<void> {
    this.#checkOpen()
    const texts = entries.map(entry => JSON.stringify(entry))
    await Promise.all(texts.map(text => this.#commits.append(trail, pid, text)))
    const grown = this.#trails[trail]
    grown.pids.add(pid)
    grown.chars += texts.reduce((sum, { length }) => sum + length, 0)
    if (grown.chars < CUT_EVERY) return
    this.#trails[trail] = { pids: new Set(), chars: 0 }
    await this.#reader.connection.transaction(ask => cutTrails(ask, trail, [...grown.pids]))
  }

  async *adopt(
    accept: (record: ProcessRecord, owner: string) => boolean,
    skip: (pid: string, owner: string) => boolean = () => false,
    holds?: (pid: string) => boolean,
  ): AsyncIterable<AdoptedProcess> {
    this.#checkOpen()
    const { unanswered } = this.#reader.connection
    // What is ours and nobody has in hand: the answer to a create, take or adopt was lost, or it
    // was given up in a silence.
    if (holds !== undefined || unanswered !== this.#settled) {
      const isInHand = (pid: string): boolean =>
        this.#coming.has(pid) || (this.#held.has(pid) && holds?.(pid) !== false)
      yield* this.#adoptFrom({ owner: this.hostId }, accept, (pid, owner) => isInHand(pid) || skip(pid, owner))
    }
    this.#settled = unanswered
    for (const abandoned of await this.#abandoned.find()) yield* this.#adoptFrom(abandoned, accept, skip)
  }

  async *#adoptFrom(
    abandoned: Abandoned,
    accept: (record: ProcessRecord, owner: string) => boolean,
    skip: (pid: string, owner: string) => boolean,
  ): AsyncGenerator<AdoptedProcess> {
    const { connection } = this.#reader
    const { owner } = abandoned
    const released = owner === RELEASED || owner === this.hostId
    for (let after = ''; ;) {
      const { records, last } = await takeSome(connection, this.hostId, abandoned, after, accept, skip)
      let given = 0
      try {
        for (const { pid } of records) this.#coming.add(pid)
        for (const record of records) {
          given += 1
          this.#held.set(record.pid, epochOf(record))
          yield { record, released }
        }
      } finally {
        for (const { pid } of records) this.#coming.delete(pid)
        // Nobody wants the rest: it goes back to its owner.
        const rest = records.slice(given)
        if (rest.length > 0) await giveBack(connection, this.hostId, owner, rest)
      }
      if (last === undefined) break
      after = last
    }
    await forgetIfEmpty(connection, abandoned)
  }

  async *take(
    accept: (record: ProcessRecord) => boolean,
    skip = (_pid: string): boolean => false,
  ): AsyncIterable<ProcessRecord> {
    this.#checkOpen()
    for await (const record of takeSubmitted(this.#reader.connection, this.hostId, accept, skip, this.#coming)) {
      this.#held.set(record.pid, epochOf(record))
      yield record
    }
  }

  async complete(record: ProcessRecord): Promise<void> {
    this.#checkOpen()
    await complete(this.#reader.connection, this.hostId, record)
  }

  release(pid: string, epoch = 0): Promise<void> {
    return this.#giveUp(pid, epoch, RELEASED)
  }

  requeue(pid: string, epoch = 0): Promise<void> {
    return this.#giveUp(pid, epoch, SUBMITTED)
  }

  async claim(pid: string, limits: readonly LimitRecord[], now: number, epoch = 0): Promise<boolean> {
    this.#checkOpen()
    return claim(this.#reader.connection, this.hostId, pid, epoch, limits, now)
  }

  async vacate(pid: string, limits: readonly LimitRecord[], epoch = 0): Promise<void> {
    this.#checkOpen()
    await vacate(this.#reader.connection, this.hostId, pid, epoch, limits)
  }

  /** A process that goes back into the queue has no place in any limit. */
  async #giveUp(pid: string, epoch: number, owner: typeof RELEASED | typeof SUBMITTED): Promise<void> {
    this.#checkOpen()
    const { connection } = this.#reader
    let isFirstTry = true
    await connection.transaction(async (ask, notify) => {
      const isRepeated = !isFirstTry
      isFirstTry = false
      const sql = 'UPDATE processes SET owner = $1 WHERE pid = $2 AND owner = $3 AND epoch = $4 RETURNING 1'
      if ((await ask(sql, [owner, pid, this.hostId, epoch])).length > 0) {
        if (owner === SUBMITTED) await ask('DELETE FROM places WHERE pid = $1 AND NOT kept', [pid])
        return notify(...changeNotes(connection.place, [pid]))
      }
      const [row] = await ask<{ owner: string | null; epoch: number }>(
        'SELECT owner, epoch FROM processes WHERE pid = $1',
        [pid],
      )
      // The answer to a first try was lost.
      if (isRepeated && row?.owner === owner && row.epoch === epoch) return undefined
      throw notOurs(pid, this.hostId, row)
    })
    this.#forget(pid)
  }

  async expire(createdBefore: number, endedBefore: number): Promise<number> {
    this.#checkOpen()
    return expire(this.#reader.connection, () => this.#closed === undefined, createdBefore, endedBefore)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    try {
      await this.#commits.close()
      const { connection } = this.#reader
      const [left] = await connection.ask('SELECT 1 FROM processes WHERE owner = $1 LIMIT 1', [this.hostId])
      if (left === undefined) await connection.transaction(ask => forgetHost(ask, this.hostId))
    } finally {
      // From here on others see the host dead, and what it owns may be adopted.
      await this.session.close()
    }
  }

  async #register(): Promise<void> {
    await this.#reader.connection.transaction(ask =>
      ask('INSERT INTO hosts (number, id) VALUES ($1, $2) ON CONFLICT DO NOTHING', [this.#number, this.hostId]),
    )
    await this.#reader.documents.put('hosts', this.hostId, JSON.stringify(newCard(this.hostId)))
  }

  #hear(note: HostNote): void {
    if (note === 'wake') this.#onWake()
    else if (note === 'followed') this.#commits.areFollowed = true
    else void this.#takeStock().catch(() => {})
  }

  /** Others may have taken what is in our hands, and forgotten this host. */
  async #takeStock(): Promise<void> {
    if (this.#closed) return
    await this.#register()
    const rows = await this.#reader.connection.ask<{ pid: string; epoch: number }>(
      'SELECT pid, epoch FROM processes WHERE owner = $1',
      [this.hostId],
    )
    const owned = new Map(rows.map(({ pid, epoch }) => [pid, epoch]))
    this.#lose([...this.#held].filter(([pid, epoch]) => owned.has(pid) && owned.get(pid) !== epoch).map(([pid]) => pid))
    const missing = [...this.#held.keys()].filter(pid => !owned.has(pid))
    if (missing.length > 0) {
      // A process that is being created is not there yet; one that has ended is nobody's.
      const gone = await this.#reader.connection.ask<{ pid: string }>(
        'SELECT pid FROM processes WHERE pid = ANY($1::text[]) AND owner IS NOT NULL AND owner <> $2',
        [missing, this.hostId],
      )
      this.#lose(gone.map(({ pid }) => pid))
    }
    this.#onWake()
  }

  /** Nobody answers: the server may take this host for dead before long, and others what it has. */
  #fence(): void {
    this.#settled = -1
    this.#lose([...this.#held.keys()])
    this.#commits.break()
    void this.#reader.connection.breakAll()
  }

  #lose(pids: readonly string[]): void {
    for (const pid of pids) this.#forget(pid)
    if (pids.length > 0) this.#onLost(pids)
  }

  #forget(pid: string): void {
    this.#held.delete(pid)
    this.#grown.delete(pid)
  }

  async #compactIfLong(line: JournalLine): Promise<void> {
    const { pid } = line
    const grown = this.#grown.get(pid) ?? { chars: 0, compactAt: COMPACT_AT }
    grown.chars += JSON.stringify(line).length
    this.#grown.set(pid, grown)
    if (grown.chars < grown.compactAt) return
    const compactAt = await compact(this.#reader.connection, this.hostId, pid, epochOf(line))
    this.#grown.set(pid, { chars: 0, compactAt })
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw hostClosed(this.hostId)
    if (this.#refused !== undefined) throw this.#refused
  }
}
