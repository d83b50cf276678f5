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
  /** How many times faster than the process a replay is. */
  readonly speed: number
  readonly redact?: readonly string[] | undefined
  readonly signal: AbortSignal
}

const LIVE = PROCESS_STATUSES.filter(status => !(FINAL_STATUSES as readonly string[]).includes(status))
/** The longest pause of a replay. */
const LONGEST_PAUSE_MS = 3000
const MAX_OVER = 10_000
/** How many new processes to show per batch of changes. */
const MAX_NEW = 50

/**
 * Sends the processes of a store to viewers, whatever hosts they run on, without asking the hosts.
 * Ends when `signal` aborts, or when there are only replays and all are over.
 *
 * @throws ERR_UNKNOWN_PROCESS
 */
export async function relay(
  store: Store,
  { broadcast, pids, speed, redact = [], signal }: RelayOptions,
): Promise<void> {
  const startedAt = Date.now()
  const messages = new StoredMessages(await readCharts(store.documents), redactor(redact))
  /** The newest revision that was sent, by pid. */
  const sent = new Map<string, number>()
  const wanted = pids && new Set(pids)
  /** Ended processes that were sent completely. They change once more, when their journal moves. */
  const over = new Set<string>()
  const replays: Promise<void>[] = []

  if (wanted) for (const pid of wanted) await include(pid)
  else for await (const { record } of store.list({ status: LIVE })) register(record)
  if (!wanted || sent.size > 0) await follow()
  await Promise.all(replays)

  async function include(pid: string): Promise<void> {
    const history = (await store.history(pid)) ?? []
    const newest = history.at(-1)
    if (newest === undefined)
      throw new TypeError(`There is no process ${JSON.stringify(pid)} in the store ${store.location}`)
    if (isFinal(newest.status)) replays.push(replay(history))
    else register(newest)
  }

  function register(record: ProcessRecord): void {
    sent.set(record.pid, record.revision)
    broadcast.send(messages.registration(record))
    for (const one of messages.transition(record).slice(1)) broadcast.send(one)
  }

  function sendTransition(record: ProcessRecord): void {
    sent.set(record.pid, record.revision)
    if (record.event.type !== 'PROGRESS') for (const one of messages.transition(record)) broadcast.send(one)
  }

  async function follow(): Promise<void> {
    let first = true
    for await (const changed of store.changes(signal)) {
      // The first batch has all pids of the store. Live processes are known, but may have changed
      // since.
      let left = MAX_NEW
      for (const pid of first ? [...sent.keys()] : changed) {
        // Of a busy store, only the newest processes are shown.
        const known = sent.has(pid)
        if (known || (!wanted && left-- > 0)) await catchUp(pid)
      }
      first = false
      if (wanted && sent.size === 0) return
    }
  }

  async function catchUp(pid: string): Promise<void> {
    if (over.has(pid)) return
    const history = await store.history(pid)
    const before = sent.get(pid)
    const newest = history?.at(-1)
    if (!history || !newest) return void sent.delete(pid)
    if (before === undefined) {
      // An ended process whose journal has only moved.
      if (isFinal(newest.status) && newest.at < startedAt) return
      register(history[0]!)
    }
    for (const record of history) if (record.revision > (sent.get(pid) ?? 0)) sendTransition(record)
    if (!isFinal(newest.status)) return
    sent.delete(pid)
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

const pause = (ms: number, signal: AbortSignal): Promise<unknown> =>
  setTimeout(Math.max(0, ms), undefined, { signal }).catch(() => {})
