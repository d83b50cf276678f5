import { setTimeout } from 'node:timers/promises'
import { redactor } from '../format/redact.ts'
import { FINAL_STATUSES, PROCESS_STATUSES, isFinal, type ProcessRecord } from '../record/record.ts'
import type { Store } from '../store/store.ts'
import type { Broadcast } from './broadcast.ts'
import { StoredMessages } from './stored-messages.ts'
import { readCharts } from '../store/charts.ts'

export interface RelayOptions {
  readonly broadcast: Broadcast
  /** Only these processes; those that have ended are replayed. Default: all that live. */
  readonly pids?: readonly string[] | undefined
  /** How much faster than it was a replay is. */
  readonly speed: number
  readonly redact?: readonly string[] | undefined
  readonly signal: AbortSignal
}

const LIVE = PROCESS_STATUSES.filter(status => !(FINAL_STATUSES as readonly string[]).includes(status))
/** Nobody wants to watch a process sleep. */
const LONGEST_PAUSE_MS = 3000
const MAX_OVER = 10_000
/** Processes that are new, in one look at the store. */
const MAX_NEW = 50

/**
 * Tells viewers of the processes of a store, whatever hosts they run on: asks nothing of the hosts. Ends when `signal` aborts; without live
 * processes to follow, when all replays are over.
 *
 * @throws ERR_UNKNOWN_PROCESS
 */
export async function relay(store: Store, { broadcast, pids, speed, redact = [], signal }: RelayOptions): Promise<void> {
  const startedAt = Date.now()
  const messages = new StoredMessages(await readCharts(store.documents), redactor(redact))
  /** The newest revision that was told, by pid. */
  const told = new Map<string, number>()
  const wanted = pids && new Set(pids)
  /** Ended ones that were told to their end: they change once more, when they move. */
  const over = new Set<string>()
  const replays: Promise<void>[] = []

  if (wanted) for (const pid of wanted) await introduce(pid)
  else for await (const { record } of store.list({ status: LIVE })) begin(record)
  if (!wanted || told.size > 0) await follow()
  await Promise.all(replays)

  async function introduce(pid: string): Promise<void> {
    const history = (await store.history(pid)) ?? []
    const newest = history.at(-1)
    if (newest === undefined) throw new TypeError(`There is no process ${JSON.stringify(pid)} in the store ${store.location}`)
    if (isFinal(newest.status)) replays.push(replay(history))
    else begin(newest)
  }

  function begin(record: ProcessRecord): void {
    told.set(record.pid, record.revision)
    broadcast.send(messages.registration(record))
    for (const one of messages.transition(record).slice(1)) broadcast.send(one)
  }

  function tell(record: ProcessRecord): void {
    told.set(record.pid, record.revision)
    if (record.event.type !== 'PROGRESS') for (const one of messages.transition(record)) broadcast.send(one)
  }

  async function follow(): Promise<void> {
    let first = true
    for await (const changed of store.changes(signal)) {
      // The first batch is all that there is, ended ones too. What lives is known already, but may have changed since.
      let left = MAX_NEW
      for (const pid of first ? [...told.keys()] : changed) {
        // A store in a hurry has more that is new than anybody could look at: the newest are shown.
        const known = told.has(pid)
        if (known || (!wanted && left-- > 0)) await catchUp(pid)
      }
      first = false
      if (wanted && told.size === 0) return
    }
  }

  async function catchUp(pid: string): Promise<void> {
    if (over.has(pid)) return
    const history = await store.history(pid)
    const before = told.get(pid)
    const newest = history?.at(-1)
    if (!history || !newest) return void told.delete(pid)
    if (before === undefined) {
      // An ended one that has only moved.
      if (isFinal(newest.status) && newest.at < startedAt) return
      begin(history[0]!)
    }
    for (const record of history) if (record.revision > (told.get(pid) ?? 0)) tell(record)
    if (!isFinal(newest.status)) return
    told.delete(pid)
    over.add(pid)
    const [oldest] = over
    if (over.size > MAX_OVER && oldest !== undefined) over.delete(oldest)
  }

  async function replay(history: readonly ProcessRecord[]): Promise<void> {
    const steps = history.filter(({ event }, index) => index === 0 || event.type !== 'PROGRESS')
    while (broadcast.size === 0 && !signal.aborted) await pause(50, signal)
    let before: ProcessRecord | undefined
    for (const record of steps) {
      if (before) await pause(Math.min((record.at - before.at) / speed, LONGEST_PAUSE_MS), signal)
      if (signal.aborted) return
      if (before) for (const one of messages.transition(record)) broadcast.send(one)
      else broadcast.send(messages.registration(record))
      before = record
    }
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<unknown> => setTimeout(Math.max(0, ms), undefined, { signal }).catch(() => {})
