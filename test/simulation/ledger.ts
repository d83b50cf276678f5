import { isFinal, type ProcessRecord } from '../../src/record/record.ts'
import { JournalView, placeOf } from './journals.ts'
import type { Disk, Inode } from './kernel/disk.ts'
import type { Outcome } from './kernel/kernel.ts'
import type { Process } from './kernel/process.ts'

/** What was promised to whom, what is on the disk, and whether the two agree. */
export class Ledger {
  readonly #onViolation: (what: string) => void
  /** Where the journal of a process is. */
  readonly paths = new Map<string, Set<string>>()
  readonly #views = new Map<Inode, JournalView>()
  /** Processes of which somebody was told that they are there. */
  readonly known = new Set<string>()
  /** Processes that somebody has asked to delete. */
  readonly deleted = new Set<string>()
  /** Hosts that were taken for dead, though they may be alive. */
  readonly #robbed = new Set<string>()
  /** Processes that were taken from one of them. */
  readonly #taken = new Set<string>()
  /** Lines that a robbed host has written before it found out. */
  readonly #lastLines = new Set<string>()
  readonly #pidByKey = new Map<string, string>()
  readonly #revisions = new Map<string, number>()
  /** The revision in which a step has ended. */
  readonly #ended = new Map<string, number>()
  /** What must survive: the revision that somebody has relied on. */
  readonly #floors = new Map<string, number>()
  readonly #attempts = new Set<string>()
  readonly #commands = new Map<string, { readonly pid: string; readonly revision: number }>()
  /** Words of which a client was told that they were taken. */
  readonly #words: { readonly pid: string; readonly word: string }[] = []
  begun = 0

  constructor(onViolation: (what: string) => void) {
    this.#onViolation = onViolation
  }

  /** A name of a file comes or goes. */
  onName(path: string, inode: Inode, isThere: boolean, isMoving = false): void {
    const place = placeOf(path)
    if (place === undefined) return
    const { pid } = place
    const paths = this.paths.get(pid) ?? new Set()
    this.paths.set(pid, paths)
    if (isThere) {
      paths.add(path)
      if (!this.#views.has(inode)) this.#views.set(inode, new JournalView(inode, pid))
      this.#read(inode)
    } else if (!paths.delete(path)) return
    if (!isThere && this.#robbed.has(place.owner ?? '')) this.#taken.add(pid)
    if (isMoving) return
    if (paths.size > 1 && !this.#isRobbed(pid))
      this.#onViolation(`process ${pid} has two journals: ${[...paths].join(', ')}`)
    if (paths.size === 0 && this.known.has(pid) && !this.deleted.has(pid))
      this.#onViolation(`process ${pid} is lost: ${path} is gone`)
  }

  /**
   * What a host has may be taken from it from now on: for a moment there may be two journals of it.
   */
  onForced(hostId: string): void {
    this.#robbed.add(hostId)
  }

  #isRobbed(pid: string): boolean {
    return (
      this.#taken.has(pid) ||
      [...(this.paths.get(pid) ?? [])].some(path => this.#robbed.has(placeOf(path)?.owner ?? ''))
    )
  }

  /** A file was written or cut by a process. */
  onWrite(life: Process, inode: Inode): void {
    const view = this.#views.get(inode)
    if (view === undefined) return
    if (view.wasCut()) return this.#onCut(view)
    const records = view.read()
    if (records.length === 0) return
    const owned = [...life.hostIds].some(id => this.paths.get(view.pid)?.has(`/store/active/${id}/${view.pid}.jsonl`))
    if (inode.links === 0 || !owned) {
      this.#onForeign(life, view)
      // It counts if a copy of the journal has it.
      return
    }
    for (const record of records) this.#onRecord(life, record)
  }

  /**
   * A host that was robbed finds out with the first line it writes: nothing may follow from that,
   * and no other line.
   */
  #onForeign(life: Process, { pid, inode }: JournalView): void {
    const id = `${life.name} ${inode.ino}`
    if (this.#isRobbed(pid) && !this.#lastLines.has(id)) this.#lastLines.add(id)
    else this.#onViolation(`${life.name} wrote to the journal of process ${pid}, which is not its own`)
  }

  #onRecord(life: Process, record: ProcessRecord): void {
    const { pid, revision, event } = record
    const newest = this.#revisions.get(pid) ?? 0
    if (revision <= newest)
      this.#onViolation(`${life.name} wrote revision ${revision} of process ${pid}, which had revision ${newest}`)
    if (event.command !== undefined && event.type !== 'PROGRESS') {
      const other = this.#commands.get(event.command)
      if (other !== undefined)
        this.#onViolation(
          `command ${event.command} was applied twice to ${pid}: in ${other.revision} and in ${revision}`,
        )
      this.#commands.set(event.command, { pid, revision })
    }
    this.#note(record)
  }

  /** A line that could not be synced is cut off, and is written again. */
  #onCut(view: JournalView): void {
    const { pid } = view
    const revision = view.read().at(-1)?.revision ?? 0
    this.#revisions.set(pid, revision)
    if (revision < (this.#floors.get(pid) ?? 0))
      this.#onViolation(`process ${pid} was cut back to revision ${revision}`)
    for (const [id, at] of this.#ended) if (id.startsWith(pid) && at > revision) this.#ended.delete(id)
    for (const [id, at] of this.#commands) if (at.pid === pid && at.revision > revision) this.#commands.delete(id)
  }

  #note(record: ProcessRecord): void {
    const { pid, revision, steps } = record
    this.#revisions.set(pid, Math.max(revision, this.#revisions.get(pid) ?? 0))
    for (const [name, { status }] of Object.entries(steps))
      if ((status === 'finished' || status === 'skipped') && !this.#ended.has(`${pid} ${name}`))
        this.#ended.set(`${pid} ${name}`, revision)
  }

  /** What a journal says that has just got its name. */
  #read(inode: Inode): void {
    for (const record of this.#views.get(inode)!.read()) this.#note(record)
  }

  onBegin(life: Process, pid: string, step: string, attempt: number, item: string): void {
    this.begun += 1
    const what = `attempt ${attempt} of ${step}${item} of process ${pid}`
    const paths = [...(this.paths.get(pid) ?? [])]
    const mine = paths.find(path => [...life.hostIds].some(id => path === `/store/active/${id}/${pid}.jsonl`))
    // A host that is stopped between the record and the work, and robbed meanwhile, cannot know.
    const wasMine =
      this.#isRobbed(pid) &&
      [...this.#views.values()].some(one => one.pid === pid && one.begun.has(`${step} ${attempt}`))
    if (mine === undefined && wasMine) return
    if (mine === undefined)
      return this.#onViolation(`${life.name} began ${what}, whose journal is ${paths.join(' ') || 'nowhere'}`)
    const view = [...this.#views.values()].find(one => one.pid === pid && one.inode.links > 0 && this.#isAt(one, mine))
    const record = view?.record
    const found = record?.steps[step]
    if (found === undefined || found.status !== 'running' || (item === '' && found.attempt !== attempt))
      this.#onViolation(`${life.name} began ${what} before a record says so: ${JSON.stringify(found)}`)
    if (this.#ended.has(`${pid} ${step}`)) this.#onViolation(`${life.name} began ${what}, which had finished`)
    const id =
      item === ''
        ? `${pid} ${step} ${attempt}`
        : `${life.pid} ${pid} ${step}${item} ${record?.epoch} ${found?.attempt} ${attempt}`
    if (this.#attempts.has(id)) this.#onViolation(`${life.name} began ${what} for the second time`)
    this.#attempts.add(id)
    this.#mustSurvive(pid, view?.begun.get(`${step} ${found?.attempt}`) ?? 1)
  }

  #isAt(view: JournalView, path: string): boolean {
    return this.fileAt?.(path) === view.inode
  }

  fileAt: ((path: string) => Inode | undefined) | undefined

  /** Somebody was told that a process is there. */
  onAcknowledged(pid: string, key?: string): void {
    this.known.add(pid)
    if ((this.paths.get(pid)?.size ?? 0) === 0 && !this.deleted.has(pid))
      this.#onViolation(`process ${pid} was acknowledged, and is not there`)
    this.#mustSurvive(pid, 1)
    if (key === undefined) return
    const holder = this.#pidByKey.get(key)
    if (holder !== undefined && holder !== pid && !this.deleted.has(holder))
      this.#onViolation(`key ${key} means ${holder} and ${pid}`)
    this.#pidByKey.set(key, pid)
  }

  onEnded(pid: string, outcome: Outcome): void {
    const record = this.recordOf(pid)
    const status = record?.status ?? 'gone'
    const told = 'value' in outcome ? 'finished' : outcome.code
    if ('value' in outcome && status !== 'finished' && !this.deleted.has(pid))
      this.#onViolation(`process ${pid} was told to be ${told}, and is ${status}`)
    if ('value' in outcome && record) this.#mustSurvive(pid, record.revision)
  }

  onWord(pid: string, word: string): void {
    this.#words.push({ pid, word })
  }

  /** After a loss of power the disk alone counts, and whatever somebody relied on must be on it. */
  afterPowerLoss(disk: Disk): void {
    const floors = new Map(this.#floors)
    this.paths.clear()
    this.#views.clear()
    this.#revisions.clear()
    this.#commands.clear()
    for (const [id, revision] of this.#ended) if (revision > (floors.get(id.slice(0, 20)) ?? 0)) this.#ended.delete(id)
    for (const id of this.#attempts) this.#attempts.delete(id)
    for (const [path, inode] of disk.walk()) this.onName(path, inode, true)
    for (const pid of this.known) {
      if (this.deleted.has(pid)) continue
      const revision = this.recordOf(pid)?.revision
      // The next host makes a process of a whole draft.
      if (revision === undefined && this.fileAt?.(`/store/pending/.${pid}.jsonl`)) continue
      if (revision === undefined) this.#onViolation(`process ${pid} was acknowledged, and is lost with the power`)
      else if (revision < floors.get(pid)!)
        this.#onViolation(
          `process ${pid} is back at revision ${revision} after a loss of power, but somebody has relied on ${floors.get(pid)}`,
        )
    }
  }

  recordOf(pid: string): ProcessRecord | undefined {
    for (const path of this.paths.get(pid) ?? []) {
      const inode = this.fileAt?.(path)
      const view = inode && this.#views.get(inode)
      if (view?.record) return view.record
    }
    return undefined
  }

  /** Every process that has a journal. */
  *records(): Generator<ProcessRecord> {
    for (const pid of this.paths.keys()) {
      const record = this.recordOf(pid)
      if (record) yield record
    }
  }

  /** Journals of ended processes that are not where those belong. */
  get notMoved(): string[] {
    return [...this.records()]
      .filter(({ status }) => isFinal(status))
      .flatMap(({ pid }) => [...this.paths.get(pid)!].filter(path => placeOf(path)?.place !== 'ended'))
  }

  /**
   * Processes that were acknowledged, and have no journal: after a loss of power some are drafts
   * for a while.
   */
  get missing(): string[] {
    return [...this.known].filter(pid => !this.deleted.has(pid) && this.recordOf(pid) === undefined)
  }

  /** Nobody was told of it: what a host could not make, it may be unable to remove. */
  #neverBegan({ pid, status, revision, parent }: ProcessRecord): boolean {
    return status === 'pending' && revision === 1 && !this.known.has(pid) && parent === undefined
  }

  /** Processes that somebody waits for. */
  get unfinished(): ProcessRecord[] {
    return [...this.records()].filter(
      record => !isFinal(record.status) && record.name !== 'ticks' && !this.#neverBegan(record),
    )
  }

  /** When all is over. */
  close(trailOf: (name: string) => string | undefined): void {
    for (const pid of this.missing) this.#onViolation(`process ${pid} was acknowledged, and is lost`)
    const holders = new Map<string, string>()
    for (const record of this.records()) {
      if (this.#neverBegan(record)) continue
      const { pid, key, name, status, data, error, forkedFrom } = record
      if (key !== undefined && holders.has(key))
        this.#onViolation(`key ${key} has two processes: ${holders.get(key)} and ${pid}`)
      if (key !== undefined) holders.set(key, pid)
      if (!isFinal(status) && name !== 'ticks') this.#onViolation(`process ${pid} (${name}) did not end: ${status}`)
      // Its child was cancelled.
      const isOfChild = name === 'parent' && error?.code === 'ERR_CANCELLED'
      if ((status === 'error' && !isOfChild) || status === 'timeout')
        this.#onViolation(`process ${pid} (${name}) ended in ${status}: ${JSON.stringify(error)}`)
      if (status !== 'finished') continue
      const { trail = '', words = [] } = (data ?? {}) as { trail?: string; words?: readonly string[] }
      if (trail !== trailOf(name)) this.#onViolation(`process ${pid} (${name}) has the trail ${trail}`)
      if (new Set(words).size < words.length)
        this.#onViolation(`process ${pid} (${name}) was told a word twice: ${words.join(' ')}`)
      const taken = this.#words.filter(one => one.pid === pid && !words.includes(one.word))
      if (taken.length > 0 && forkedFrom === undefined)
        this.#onViolation(
          `process ${pid} (${name}) has lost ${taken.map(({ word }) => word).join(' ')}, which it had taken`,
        )
    }
  }

  #mustSurvive(pid: string, revision: number): void {
    this.#floors.set(pid, Math.max(revision, this.#floors.get(pid) ?? 0))
  }
}
