import { encodeFirst, encodeLine, foldNewest, parseFirst } from '../../journal/line.ts'
import { everyRecordOf } from '../in-pieces.ts'
import { epochOf, isFinal } from '../../record/record.ts'
import type { JournalLine, ProcessRecord } from '../../record/record.ts'
import { MemoryPlaces } from './places.ts'

/** The owner of journals that were let go in order and wait for a host. */
export const RELEASED = 'released'
/** The owner of journals that were submitted and wait for a host. */
export const SUBMITTED = 'submitted'

/** The most entries of a log or a stream. A longer one loses its older half. */
const MAX_ENTRIES = 10_000

/** A log or a stream in memory. */
class MemoryTrail {
  /** JSON. */
  #entries: string[] = []
  /** How many older entries are gone. */
  #dropped = 0

  /** How many there were, ever. */
  get count(): number {
    return this.#dropped + this.#entries.length
  }

  add(entries: readonly unknown[]): void {
    this.#entries.push(...entries.map(entry => JSON.stringify(entry)))
    if (this.#entries.length <= MAX_ENTRIES) return
    this.#dropped += this.#entries.splice(0, this.#entries.length - MAX_ENTRIES / 2).length
  }

  /** Those after the first `count` ones, as far as they are there. */
  since(count: number): readonly string[] {
    return this.#entries.slice(Math.max(0, count - this.#dropped))
  }
}

/** A journal in memory: lines of JSON, so that data is exactly what JSON keeps. */
export class MemoryJournal {
  readonly pid: string
  readonly key: string | undefined
  /** A host's id, `RELEASED`, or undefined once it has ended. */
  owner: string | undefined
  revision: number
  epoch: number
  /** Epoch milliseconds. */
  endedAt: number | undefined
  /** The host that has written the end. */
  endedBy: string | undefined
  deleted = false
  readonly lines: string[] = []
  readonly trails = { log: new MemoryTrail(), stream: new MemoryTrail() }
  changed: () => void = () => {}
  /** Called when a line or an entry of a trail is added. */
  readonly waiting = new Set<() => void>()

  constructor(record: ProcessRecord, owner: string) {
    this.pid = record.pid
    this.key = record.key
    this.owner = owner
    this.revision = record.revision
    this.epoch = epochOf(record)
    this.#push(encodeFirst(record), record)
  }

  /** Replaces the first record of a process that was submitted. */
  replace(record: ProcessRecord): void {
    this.lines.length = 0
    this.#push(encodeFirst(record), record)
  }

  append(line: JournalLine): void {
    this.#push(encodeLine(line), line)
    this.revision = line.revision
  }

  first(): ProcessRecord {
    return parseFirst(this.lines[0]!, this.pid, this.pid)
  }

  newest(): ProcessRecord {
    return foldNewest(this.lines[0]!, this.#newestFirst(), this.pid, this.pid)
  }

  /** The record after each line, oldest first. */
  every(): Promise<ProcessRecord[] | undefined> {
    return everyRecordOf([...this.lines], this.pid, this.pid)
  }

  notify(): void {
    for (const wake of this.waiting) wake()
    this.changed()
  }

  #push(text: string, { status, at }: JournalLine): void {
    this.lines.push(text)
    if (isFinal(status)) {
      this.endedBy = this.owner
      this.owner = undefined
      this.endedAt = at
    }
    this.notify()
  }

  *#newestFirst(): Generator<string> {
    for (let i = this.lines.length - 1; i >= 0; i--) yield this.lines[i]!
  }
}

/** The journals that the hosts and clients of one memory store share. */
export class MemoryJournals {
  /** Called with the pid of every process that is new, has changed or is gone. */
  readonly listeners = new Set<(pid: string) => void>()
  readonly places = new MemoryPlaces()
  readonly #byPid = new Map<string, MemoryJournal>()
  readonly #byKey = new Map<string, MemoryJournal>()

  get(pid: string): MemoryJournal | undefined {
    return this.#byPid.get(pid)
  }

  holderOf(key: string): string | undefined {
    return this.#byKey.get(key)?.pid
  }

  add(journal: MemoryJournal): void {
    this.#byPid.set(journal.pid, journal)
    journal.changed = () => {
      for (const tell of this.listeners) tell(journal.pid)
    }
    journal.changed()
    if (journal.key !== undefined) this.#byKey.set(journal.key, journal)
  }

  remove(journal: MemoryJournal): void {
    this.#byPid.delete(journal.pid)
    if (journal.key !== undefined) this.#byKey.delete(journal.key)
    journal.deleted = true
    journal.notify()
  }

  all(): MemoryJournal[] {
    return [...this.#byPid.values()]
  }

  newestFirst(): MemoryJournal[] {
    return this.all().toSorted((a, b) => (a.pid < b.pid ? 1 : -1))
  }

  ownedBy(owner: string): MemoryJournal[] {
    return this.all().filter(journal => journal.owner === owner)
  }
}
