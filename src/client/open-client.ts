import { StepwrightError } from '../errors.ts'
import { toHistoryEntry, toInfo, toPendingInfo, type PendingCommandInfo, type ProcessInfo } from '../record/info.ts'
import {
  FINAL_STATUSES,
  isFinal,
  LIVE_STATUSES,
  type Json,
  type ProcessRecord,
  type StatusCounts,
} from '../record/record.ts'
import type { Host, StoredProcess } from '../record/host.ts'
import { createPids } from '../record/pid.ts'
import { withdrawCommands } from '../store/commands.ts'
import { pendingOf } from '../store/described.ts'
import { deletePause, putPause, readPauses } from '../store/pauses.ts'
import { readSchedules } from '../store/schedules.ts'
import type { Store } from '../store/store.ts'
import { checkFlag, checkKey, checkOptions, checkSignal, integerFrom, checkText, mustBe } from '../record/check.ts'
import { startChannel, traced, type StartMessage } from '../record/diagnostics.ts'
import { childKey } from '../record/child-key.ts'
import { toJson } from '../record/json.ts'
import { memoryInfos, type MemoryInfo } from '../record/memory-info.ts'
import {
  checkBulk,
  checkBulkOptions,
  checkCancelAll,
  checkEvent,
  checkFork,
  checkLimit,
  checkList,
  checkName,
  checkPid,
  checkProceed,
  checkReason,
  checkSend,
  checkSubmissions,
  checkSubmit,
  checkWait,
  checkWatchAll,
} from './arguments.ts'
import { bulk, type BulkWork } from './bulk.ts'
import type {
  AdoptOptions,
  BulkOptions,
  BulkQuery,
  BulkStep,
  CancelAllOptions,
  CancelOptions,
  Client,
  ForkOptions,
  ListOptions,
  LogInfo,
  LogOptions,
  ProceedOptions,
  SendOptions,
  PauseInfo,
  ScheduleInfo,
  Steered,
  Submission,
  StreamOptions,
  SubmitOptions,
  WaitOptions,
  WatchAllOptions,
} from './client.ts'
import { endNow, hostHasIt } from './end-now.ts'
import { forkOf, RETRYABLE, retryOf, submission, tickNow } from './new-process.ts'
import { outcome } from './outcome.ts'
import { infoOf, retriedBy, select, type Selection } from './select.ts'
import { readStream, type StreamPart } from './read-stream.ts'
import { mustLive, steer, steerUntilTaken, targetOf, type Wish } from './steer.ts'
import { storeAt } from './store-at.ts'
import { setStoreOf } from './store-of.ts'
import { wakeAll } from './wake-all.ts'
import { watchAll } from './watch-all.ts'

/**
 * Opens a store for reading and steering, in any Node process. It reads nothing before the first
 * call.
 *
 * @param store the directory of a `lowdbStore`, the file of a `sqliteStore` (by its ending:
 * .sqlite, .sqlite3 or .db), or a store
 * @example
 * const client = openClient('.stepwright')
 * console.log(await client.get(pid))
 * await client.close()
 */
export function openClient(store: string | Store = '.stepwright'): Client {
  if (typeof store === 'string') return new StoreClient(storeAt(store), true)
  if (typeof store?.get !== 'function') throw mustBe('store of openClient()', 'a path or a store', store)
  return new StoreClient(store, false)
}

const unknown = (pid: string, store: Store): StepwrightError =>
  new StepwrightError(
    'ERR_UNKNOWN_PROCESS',
    `There is no process ${JSON.stringify(pid)} in the store ${store.location}`,
  )

class StoreClient implements Client {
  readonly #store: Store
  /** Whether the client opened the store itself, and so closes it. */
  readonly #ownsStore: boolean
  readonly #closing = new AbortController()

  constructor(store: Store, ownsStore: boolean) {
    this.#store = store
    setStoreOf(this, store)
    this.#ownsStore = ownsStore
  }

  async get(pid: string): Promise<ProcessInfo | undefined> {
    const found = await this.#store.get(checkPid(pid))
    return found && infoOf(this.#store, found)
  }

  async *list(options: ListOptions = {}): AsyncGenerator<ProcessInfo> {
    const { selection, limit, onCorrupt } = checkList(options)
    let left = limit
    if (left === 0) return
    for await (const info of select(this.#store, selection, onCorrupt)) {
      yield info
      if (--left === 0) return
    }
  }

  async counts(): Promise<StatusCounts> {
    return this.#store.counts()
  }

  async *watch(pid: string, options: WaitOptions = {}): AsyncGenerator<ProcessInfo> {
    for await (const stored of this.#follow(pid, checkWait(options, 'watch()'))) yield await infoOf(this.#store, stored)
  }

  async *watchAll(options: WatchAllOptions = {}): AsyncGenerator<ProcessInfo> {
    const { query, signal } = checkWatchAll(options)
    const ends = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    for await (const stored of watchAll(this.#store, query, ends)) yield toInfo(stored)
    this.#closing.signal.throwIfAborted()
  }

  async result(pid: string, options: WaitOptions = {}): Promise<never> {
    for await (const { record } of this.#follow(pid, checkWait(options, 'result()')))
      if (isFinal(record.status)) return outcome(record) as never
    throw unknown(pid, this.#store)
  }

  async history(pid: string): ReturnType<Client['history']> {
    const records = await this.#store.history(checkPid(pid))
    if (!records) throw unknown(pid, this.#store)
    return records.map(toHistoryEntry)
  }

  async memories(pid: string): Promise<MemoryInfo[]> {
    const records = await this.#store.history(checkPid(pid))
    if (!records) throw unknown(pid, this.#store)
    return records.flatMap((record, index) => memoryInfos(record, index === 0))
  }

  async *logs(pid: string, options: LogOptions = {}): AsyncGenerator<LogInfo> {
    const { follow = false, signal } = checkOptions(options, 'logs()', { follow: checkFlag, signal: checkSignal })
    for await (const { at, ...entry } of this.#store.trail('log', checkPid(pid), { follow, signal }))
      yield { at: new Date(at).toISOString(), ...entry }
    signal?.throwIfAborted()
  }

  async *stream(pid: string, options: StreamOptions = {}): AsyncGenerator<StreamPart> {
    const { from = 0, signal } = checkOptions(options, 'stream()', { from: integerFrom(0), signal: checkSignal })
    const ends = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    yield* readStream(this.#store, checkPid(pid), from, ends)
    ends.throwIfAborted()
  }

  async submit(name: string, input?: unknown, options: SubmitOptions = {}): Promise<string> {
    const { name: known, ...origin } = checkSubmit(name, options)
    const { key } = origin
    const json = this.#json(input)
    return this.#submit({ operation: 'submit', name: known, key }, async () =>
      submission(known, json, origin, await this.#now()),
    )
  }

  async submitMany(processes: readonly Submission[]): Promise<string[]> {
    const checked = checkSubmissions(processes)
    const at = await this.#now()
    const pids = createPids(at, checked.length)
    const records = checked.map(({ name, input, ...origin }, index) =>
      submission(name, this.#json(input), origin, at, pids[index]),
    )
    return (await this.#store.submitMany(records)).map(({ pid }) => pid)
  }

  async cancel(pid: string, given?: string, options: CancelOptions = {}): Promise<Steered> {
    const reason = checkReason(given)
    const { now = false } = checkOptions(options, 'cancel()', { now: checkFlag })
    if (now) return this.#endNow(checkPid(pid), reason)
    return steer(
      this.#store,
      checkPid(pid),
      () => ({ type: 'cancel', ...(reason !== undefined && { reason }) }),
      this.#closing.signal,
    )
  }

  async #endNow(pid: string, reason: string | undefined): Promise<Steered> {
    const found = await this.#store.get(pid)
    mustLive(this.#store, pid, found)
    const { host } = found
    if (host !== undefined && host.state !== 'dead') throw hostHasIt(pid, host.id, host.state)
    const record = await endNow(this.#store, pid, reason, await this.#now())
    // Another host was faster: it does it.
    if (record === undefined) return this.cancel(pid, reason)
    await withdrawCommands(this.#store.documents, pid)
    for (const child of Object.values(record.steps).flatMap(step => step.child ?? []))
      await this.#endChild(child, `Its parent ${pid} has ended`)
    return 'taken'
  }

  async #endChild(pid: string, reason: string): Promise<void> {
    try {
      await this.cancel(pid, reason, { now: (await this.#store.get(pid))?.host?.state !== 'alive' })
    } catch (error) {
      const isOver =
        error instanceof StepwrightError && /^ERR_(?:ALREADY_ENDED|UNKNOWN_PROCESS|HOST_ALIVE)$/.test(error.code)
      if (!isOver) throw error
    }
  }

  async proceed(pid: string, given?: unknown, options: ProceedOptions = {}): Promise<Steered> {
    const data = given === undefined ? {} : { data: this.#json(given) }
    const { name } = checkProceed(options)
    const wishFor = (record: ProcessRecord) => ({ type: 'proceed', ...targetOf(record, name), ...data }) as const
    return steer(this.#store, checkPid(pid), wishFor, this.#closing.signal)
  }

  async send(pid: string, given: { readonly type: string }): Promise<Steered>
  async send(pid: string, given: { readonly type: string }, options: SendOptions): Promise<Json>
  async send(pid: string, given: { readonly type: string }, options: Partial<SendOptions> = {}): Promise<Json> {
    const event = this.#json(checkEvent(given)) as { type: string }
    const { wait, signal } = checkSend(options)
    const wish = (): Wish => ({ type: 'send', event })
    if (!wait) return steer(this.#store, checkPid(pid), wish, this.#closing.signal)
    const ends = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    const { steps, event: cause } = await steerUntilTaken(this.#store, checkPid(pid), wish, ends)
    return steps[cause.step ?? '']?.state ?? null
  }

  async withdraw(pid: string, id?: string): Promise<PendingCommandInfo[]> {
    if ((await this.#store.get(checkPid(pid))) === undefined) throw unknown(pid, this.#store)
    const one = id === undefined ? undefined : checkText(id, 'id of withdraw()')
    return (await withdrawCommands(this.#store.documents, pid, one)).map(command => toPendingInfo(pendingOf(command)))
  }

  async fork(pid: string, options: ForkOptions = {}): Promise<string> {
    const { from, ...kept } = checkFork(options)
    checkPid(pid)
    return this.#submit({ operation: 'fork' }, async () => {
      const records = await this.#store.history(pid)
      if (!records) throw unknown(pid, this.#store)
      return forkOf(records, from, await this.#now(), kept)
    })
  }

  async retry(pid: string): Promise<string> {
    const retried = await retriedBy(this.#store, checkPid(pid))
    if (retried !== undefined) return retried
    return this.#submit({ operation: 'retry' }, async () => {
      const records = await this.#store.history(pid)
      if (!records) throw unknown(pid, this.#store)
      return retryOf(records, await this.#now())
    })
  }

  /** @returns the pid */
  async #submit(message: StartMessage, make: () => Promise<ProcessRecord>): Promise<string> {
    if (!startChannel.hasSubscribers) return (await this.#store.submit(await make())).pid
    return traced(startChannel, message, async () => {
      const made = await make()
      message.name = made.name
      return (message.pid = (await this.#store.submit(message.trace ? { ...made, trace: message.trace } : made)).pid)
    })
  }

  cancelAll(query: BulkQuery, options: CancelAllOptions = {}): AsyncGenerator<BulkStep> {
    const { reason, now, ...checked } = checkCancelAll(options)
    const selection = checkBulk(query, 'cancelAll()', LIVE_STATUSES)
    return this.#bulk(selection, checked, async pid => ({ outcome: await this.cancel(pid, reason, { now }) }))
  }

  retryAll(query: BulkQuery, options: BulkOptions = {}): AsyncGenerator<BulkStep> {
    const checked = checkBulkOptions(options, 'retryAll()')
    const selection = {
      ...checkBulk(query, 'retryAll()', RETRYABLE, ['error', 'timeout']),
      retried: false,
      isChild: false,
    }
    return this.#bulk(selection, checked, async pid => ({ outcome: 'retried', retriedBy: await this.retry(pid) }), true)
  }

  deleteAll(query: BulkQuery, options: BulkOptions = {}): AsyncGenerator<BulkStep> {
    const checked = checkBulkOptions(options, 'deleteAll()')
    return this.#bulk(checkBulk(query, 'deleteAll()', FINAL_STATUSES), checked, async pid => {
      await this.delete(pid)
      return { outcome: 'deleted' }
    })
  }

  #bulk(
    selection: Selection,
    { dryRun = false, signal }: BulkOptions,
    work: BulkWork,
    oldestFirst = false,
  ): AsyncGenerator<BulkStep> {
    const ends = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    return bulk(select(this.#store, selection), dryRun ? undefined : work, ends, oldestFirst)
  }

  async delete(pid: string): Promise<void> {
    const found = await this.#store.get(checkPid(pid))
    // The store refuses to delete a live process: its children must stay as well.
    const { steps = {}, status = 'pending' } = found?.record ?? {}
    for (const [name, { child, children = 0 }] of isFinal(status) ? Object.entries(steps) : []) {
      if (child !== undefined) await this.#deleteIfThere(child)
      for (let index = 0; index < children; index++) {
        const item = await this.#store.holderOf(childKey(pid, name, 0, index))
        if (item !== undefined) await this.#deleteIfThere(item)
      }
    }
    await this.#store.delete(pid)
  }

  async #deleteIfThere(pid: string): Promise<void> {
    try {
      await this.delete(pid)
    } catch (error) {
      if (!(error instanceof StepwrightError) || error.code !== 'ERR_UNKNOWN_PROCESS') throw error
    }
  }

  async schedules(): Promise<ScheduleInfo[]> {
    const { documents } = this.#store
    const [found, pauses] = await Promise.all([readSchedules(documents), readPauses(documents)])
    const paused = new Set(pauses.map(({ name }) => name))
    return found.map(({ settled: _, next, ...schedule }) => ({
      ...schedule,
      ...(next !== undefined && { next: new Date(next).toISOString() }),
      ...(paused.has(schedule.name) && { paused: true }),
    }))
  }

  async runSchedule(given: string): Promise<string> {
    const name = checkName(given, 'name of runSchedule()')
    if (!(await readSchedules(this.#store.documents)).some(schedule => schedule.name === name))
      throw new StepwrightError(
        'ERR_UNKNOWN_SCHEDULE',
        `No host of the store ${this.#store.location} has known a schedule of '${name}' so far`,
      )
    const at = await this.#now()
    return (await this.#store.submit(tickNow(name, at))).pid
  }

  async pause(given: string): Promise<void> {
    const name = checkName(given, 'name of pause()')
    await putPause(this.#store.documents, { name, at: await this.#now() })
    await wakeAll(this.#store)
  }

  async resume(given: string): Promise<void> {
    if (await deletePause(this.#store.documents, checkName(given, 'name of resume()'))) await wakeAll(this.#store)
  }

  async paused(): Promise<PauseInfo[]> {
    const found = await readPauses(this.#store.documents)
    return found.map(({ name, at }) => ({ name, since: new Date(at).toISOString() }))
  }

  async byKey(given: string): Promise<ProcessInfo | undefined> {
    const pid = await this.#store.holderOf(checkKey(given, 'key of byKey()'))
    return pid === undefined ? undefined : this.get(pid)
  }

  async find(prefix: string, limit = 2): Promise<string[]> {
    return this.#store.find(checkPid(prefix), checkLimit(limit, 'find()'))
  }

  async hosts(): Promise<Host[]> {
    return this.#store.hosts()
  }

  async adopt(hostId: string, options: AdoptOptions = {}): Promise<number> {
    const { force = false } = checkOptions(options, 'adopt()', { force: checkFlag })
    return this.#store.adopt(hostId, force)
  }

  async close(): Promise<void> {
    this.#closing.abort(
      new StepwrightError(
        'ERR_CLIENT_CLOSED',
        `This client of the store ${this.#store.location} was closed: open another one`,
      ),
    )
    if (this.#ownsStore) await this.#store.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** By the clock that all who use the store share. */
  async #now(): Promise<number> {
    return (await this.#store.time?.()) ?? Date.now()
  }

  #json(value: unknown): Json {
    return toJson(value, this.#store.maxRecordBytes)
  }

  /** Ends when the process has ended. Throws if the signal aborts or the client closes first. */
  async *#follow(pid: string, signal: AbortSignal | undefined): AsyncGenerator<StoredProcess> {
    const ends = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    for await (const stored of this.#store.follow(checkPid(pid), ends)) {
      yield stored
      if (isFinal(stored.record.status)) return
    }
    ends.throwIfAborted()
  }
}
