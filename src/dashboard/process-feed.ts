import { setTimeout } from 'node:timers/promises'
import { toInfo, type ProcessStepInfo } from '../record/info.ts'
import type { LogEntry, ProcessRecord } from '../record/record.ts'
import { readStream, type StreamPart } from '../client/read-stream.ts'
import { memoryInfos, type MemoryInfo } from '../record/memory-info.ts'
import type { Host, StoredProcess } from '../record/host.ts'
import type { Store } from '../store/store.ts'
import { frame, type Frame } from '../web/event-streams.ts'
import type { Entry, LiveInfo } from './protocol.ts'
import { entriesOf } from './row-of.ts'
import { Feed } from './feed.ts'
import { readCharts } from '../store/charts.ts'
import { described } from '../store/described.ts'

/** Collects the changes of a busy process before they are sent. */
const BATCH_MS = 100
const MAX_LOGS = 2000
const MAX_MEMORIES = 2000
const MAX_PARTS = 5000
/** Only the newest of more transitions are sent. */
const MAX_ENTRIES = 10_000
const HOST_LOOK_MS = 1000

/** Follows one process for all viewers of its page. */
export class ProcessFeed extends Feed {
  readonly #store: Store
  readonly #pid: string
  readonly #hosts: () => Promise<readonly Host[]>
  readonly #redact: (value: unknown) => unknown
  #info: LiveInfo | undefined
  #chart: unknown
  #entries: Entry[] = []
  #logs: LogEntry[] = []
  #parts: StreamPart[] = []
  #memories: MemoryInfo[] = []
  #gone: string | undefined

  /** @param hosts the hosts of the store as they were a moment ago: many feeds ask at once */
  constructor(store: Store, pid: string, redact: (value: unknown) => unknown, hosts: () => Promise<readonly Host[]>) {
    super()
    this.#hosts = hosts
    this.#store = store
    this.#pid = pid
    this.#redact = redact
  }

  protected welcome(): readonly Frame[] {
    return [
      ...(this.#gone === undefined ? [] : [frame({ message: this.#gone }, 'gone')]),
      ...(this.#info === undefined
        ? []
        : [
            frame(this.#chart, 'chart'),
            frame({ fresh: true, entries: this.#entries }, 'entries'),
            frame(this.#info, 'info'),
            frame({ fresh: true, logs: this.#logs.slice(-MAX_LOGS) }, 'logs'),
            frame({ fresh: true, parts: this.#parts.slice(-MAX_PARTS) }, 'stream'),
            frame({ fresh: true, memories: this.#memories }, 'memories'),
          ]),
    ]
  }

  protected async run(signal: AbortSignal): Promise<void> {
    this.#gone = undefined
    this.#logs = []
    this.#parts = []
    const ends = new AbortController()
    const both = AbortSignal.any([signal, ends.signal])
    const others = [this.#followLogs(both), this.#followStream(both), this.#followHost(both)]
    try {
      await this.#followRecords(signal)
    } catch (error) {
      if (!signal.aborted) {
        this.#gone = error instanceof Error ? error.message : String(error)
        this.send('gone', { message: this.#gone })
      }
    }
    // Waits for the last log entries of a process that has ended.
    await setTimeout(BATCH_MS * 4, undefined, { signal }).catch(() => {})
    ends.abort()
    await Promise.all(others)
  }

  /** Sends the past of the process, and returns the newest record. The others are not kept. */
  async #sendPast(): Promise<ProcessRecord | undefined> {
    const history = (await this.#store.history(this.#pid)) ?? []
    const last = history.at(-1)
    if (!last) return undefined
    const { name, version, shape } = last
    const charts = await readCharts(this.#store.documents)
    this.#chart = charts.find(one => one.name === name && one.version === version && one.shape === shape)?.chart ?? null
    this.#entries = entriesOf(history).slice(-MAX_ENTRIES)
    this.#memories = history.flatMap((record, index) => memoryInfos(record, index === 0)).slice(-MAX_MEMORIES)
    this.send('chart', this.#chart)
    this.send('entries', { fresh: true, entries: this.#entries })
    this.send('memories', { fresh: true, memories: this.#memories })
    return last
  }

  async #followRecords(signal: AbortSignal): Promise<void> {
    let last = await this.#sendPast()
    let batch: StoredProcess[] = []
    let timer: NodeJS.Timeout | undefined
    const flush = (): void => {
      timer = undefined
      const newest = batch.at(-1)
      if (!newest) return
      const records: ProcessRecord[] = batch
        .map(({ record }) => record)
        .filter(({ revision }) => revision > (last?.revision ?? 0))
      const entries = entriesOf(records, last)
      last = records.at(-1) ?? last
      batch = []
      this.#entries.push(...entries)
      if (this.#entries.length > 2 * MAX_ENTRIES) this.#entries = this.#entries.slice(-MAX_ENTRIES)
      if (entries.length > 0) this.send('entries', { entries })
      this.#addMemories(records.flatMap(record => memoryInfos(record, false)))
      this.#sendInfo(newest)
    }
    for await (const stored of this.#store.follow(this.#pid, signal)) {
      batch.push(stored)
      if (this.#info === undefined) flush()
      else timer ??= globalThis.setTimeout(flush, BATCH_MS)
    }
    clearTimeout(timer)
    flush()
  }

  #addMemories(memories: readonly MemoryInfo[]): void {
    if (memories.length === 0) return
    this.#memories = [...this.#memories, ...memories].slice(-MAX_MEMORIES)
    this.send('memories', { memories })
  }

  #sendInfo(stored: StoredProcess): void {
    const { input: _, output: __, ...rest } = toInfo(stored)
    const info = { ...rest, steps: rest.steps.map(withoutContext) }
    this.#info = info
    this.send('info', info)
  }

  async #followHost(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await setTimeout(HOST_LOOK_MS, undefined, { signal }).catch(() => {})
      if (signal.aborted || !this.#info || this.#info.endedAt !== undefined) continue
      const { host, misfit } = this.#info
      // Reads the process only if its host has changed: its journal may be long.
      const known = (await this.#hosts().catch(() => [])).find(({ id }) => id === host?.id)
      if (known && known.state === host?.state) continue
      const found = await this.#store.get(this.#pid).catch(() => undefined)
      const stored = found && (await described(this.#store, found).catch(() => found))
      const differs =
        stored?.host?.id !== host?.id ||
        stored?.host?.state !== host?.state ||
        stored?.misfit?.message !== misfit?.message
      if (stored?.record.revision === this.#info.revision && differs) this.#sendInfo(stored)
    }
  }

  #followLogs(signal: AbortSignal): Promise<void> {
    const hidden = (entry: LogEntry): LogEntry =>
      'fields' in entry ? { ...entry, fields: this.#redact(entry.fields) as NonNullable<LogEntry['fields']> } : entry
    return inBatches(this.#store.trail('log', this.#pid, { follow: true, signal }), hidden, batch => {
      this.#logs = newestOf(this.#logs, batch, MAX_LOGS)
      this.send('logs', { logs: batch.slice(-MAX_LOGS) })
    })
  }

  #followStream(signal: AbortSignal): Promise<void> {
    const hidden = (part: StreamPart): StreamPart => (part.reset ? part : { ...part, chunk: this.#redact(part.chunk) })
    return inBatches(readStream(this.#store, this.#pid, 0, signal), hidden, batch => {
      this.#parts = newestOf(this.#parts, batch, MAX_PARTS)
      this.send('stream', { parts: batch.slice(-MAX_PARTS) })
    })
  }
}

/** At least the newest `most`, and at most twice as many. */
const newestOf = <T>(all: T[], more: readonly T[], most: number): T[] => {
  all.push(...more)
  return all.length > 2 * most ? all.slice(-most) : all
}

/** Collects what comes, since a busy process would have a message sent for each. */
async function inBatches<T>(
  source: AsyncIterable<T>,
  hidden: (one: T) => T,
  send: (batch: readonly T[]) => void,
): Promise<void> {
  let batch: T[] = []
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    timer = undefined
    const sent = batch
    batch = []
    send(sent)
  }
  try {
    for await (const one of source) {
      batch.push(hidden(one))
      timer ??= globalThis.setTimeout(flush, BATCH_MS)
    }
  } catch {
    // The reason is sent by `#followRecords`.
  }
  clearTimeout(timer)
  if (batch.length > 0) flush()
}

/** The context of a machine is data, as input and output are. */
function withoutContext(step: ProcessStepInfo): ProcessStepInfo {
  if (step.machine === undefined) return step
  const { context: _, ...machine } = step.machine
  return { ...step, machine }
}
