import { setTimeout } from 'node:timers/promises'
import { StepwrightError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { frame, type Frame } from '../web/event-streams.ts'
import type { Action, HostRow, Row, StoreState } from './protocol.ts'
import { hostRow, rowOf } from './row-of.ts'
import { Feed } from './feed.ts'
import { readCharts } from '../store/charts.ts'

/** How often to look for what is in no record: the death of a host, a new definition. */
const LOOK_MS = 1000
const ROWS_AT_ONCE = 500
const MAX_CORRUPT = 20
/** The most rows that are kept and sent. */
const MAX_ROWS = 20_000
const MARGIN_ROWS = 1000
/** The reading of one process takes at most this fraction of the time: 1 / READER_SHARE. */
const READER_SHARE = 30

/** Follows a store for all viewers of the list. */
export class StoreFeed extends Feed {
  readonly #store: Store
  readonly #actions: readonly Action[]
  readonly #rows = new Map<string, Row>()
  /**
   * When a process whose newest record is a progress report may be read again
   * (`performance.now()`). To read it means to read all of its reports, which come ten times per
   * second.
   */
  readonly #readableAt = new Map<string, number>()
  readonly #postponed = new Set<string>()
  /** Pids below this one are left out, once there are too many. */
  #oldest = ''
  #hosts: readonly HostRow[] = []
  #state: StoreState

  constructor(store: Store, actions: readonly Action[]) {
    super()
    this.#store = store
    this.#actions = actions
    this.#state = this.#initial()
  }

  protected welcome(): readonly Frame[] {
    return [
      frame(this.#state, 'state'),
      frame(this.#hosts, 'hosts'),
      frame({ fresh: true, changed: [...this.#rows.values()], gone: [] }, 'rows'),
    ]
  }

  protected async run(signal: AbortSignal): Promise<void> {
    this.#rows.clear()
    this.#state = this.#initial()
    const hosts = this.#followHosts(signal)
    while (!signal.aborted) {
      try {
        await this.#follow(signal)
      } catch (error) {
        if (signal.aborted) break
        const missing = error instanceof StepwrightError && error.code === 'ERR_STORE_MISSING'
        this.#rows.clear()
        this.#setState({
          ...this.#initial(),
          loaded: missing,
          missing,
          ...(!missing && { problem: error instanceof Error ? error.message : String(error) }),
        })
        this.send('rows', { fresh: true, changed: [], gone: [] })
        await setTimeout(LOOK_MS, undefined, { signal }).catch(() => {})
      }
    }
    await hosts
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let first = true
    for await (const pids of this.#store.changes(signal)) {
      if (first) await this.#readAll()
      else await this.#read(pids)
      first = false
    }
  }

  async #readAll(): Promise<void> {
    const corrupt: StoreState['corrupt'][number][] = []
    let changed: Row[] = []
    this.#oldest = ''
    const onCorrupt = ({ pid, error }: { readonly pid: string; readonly error: Error }): void => {
      if (corrupt.length < MAX_CORRUPT) corrupt.push({ pid, message: error.message })
    }
    for await (const stored of this.#store.list({}, onCorrupt)) {
      const row = rowOf(stored)
      this.#rows.set(row.pid, row)
      if (this.#rows.size === MAX_ROWS) this.#oldest = row.pid
      if (this.#rows.size > MAX_ROWS) break
      if (changed.push(row) < ROWS_AT_ONCE) continue
      this.send('rows', { changed, gone: [] })
      changed = []
    }
    this.send('rows', { changed, gone: [] })
    const { problem: _, ...state } = this.#state
    this.#setState({ ...state, loaded: true, missing: false, capped: this.#oldest !== '', corrupt })
  }

  async #read(pids: readonly string[]): Promise<void> {
    const changed: Row[] = []
    const gone: string[] = []
    for (const pid of pids) {
      // Pids sort by their time of creation.
      if (pid < this.#oldest) continue
      if ((this.#readableAt.get(pid) ?? 0) > performance.now()) {
        this.#postponed.add(pid)
        continue
      }
      const row = await this.#rowOf(pid)
      if (row === 'unreadable') continue
      if (row) {
        this.#rows.set(pid, row)
        changed.push(row)
      } else if (this.#rows.delete(pid)) gone.push(pid)
    }
    gone.push(...this.#trim())
    if (changed.length > 0 || gone.length > 0) this.send('rows', { changed, gone })
  }

  /** Reads what was postponed. */
  async #readPostponed(): Promise<void> {
    const now = performance.now()
    for (const [pid, at] of this.#readableAt) if (at <= now) this.#readableAt.delete(pid)
    const due = [...this.#postponed].filter(pid => !this.#readableAt.has(pid))
    for (const pid of due) this.#postponed.delete(pid)
    await this.#read(due)
  }

  /** Drops the oldest rows of a store that keeps growing, and returns their pids. */
  #trim(): string[] {
    if (this.#rows.size <= MAX_ROWS + MARGIN_ROWS) return []
    const old = [...this.#rows.keys()].toSorted().slice(0, this.#rows.size - MAX_ROWS)
    for (const pid of old) this.#rows.delete(pid)
    this.#oldest = `${old.at(-1)!}~`
    if (!this.#state.capped) this.#setState({ ...this.#state, capped: true })
    return old
  }

  async #rowOf(pid: string): Promise<Row | 'unreadable' | undefined> {
    try {
      const began = performance.now()
      const stored = await this.#store.get(pid)
      const now = performance.now()
      if (stored?.record.event.type === 'PROGRESS')
        this.#readableAt.set(pid, now + Math.max(LOOK_MS, READER_SHARE * (now - began)))
      return stored && rowOf(stored)
    } catch (error) {
      const corrupt = [
        ...this.#state.corrupt.filter(one => one.pid !== pid),
        { pid, message: error instanceof Error ? error.message : String(error) },
      ]
      this.#setState({ ...this.#state, corrupt: corrupt.slice(-MAX_CORRUPT) })
      return 'unreadable'
    }
  }

  async #followHosts(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const hosts = (await this.#store.hosts()).map(hostRow).toSorted((a, b) => b.startedAt - a.startedAt)
        if (JSON.stringify(hosts) !== JSON.stringify(this.#hosts)) {
          this.#hosts = hosts
          this.send('hosts', hosts)
        }
        const definitions = [...new Set((await readCharts(this.#store.documents)).map(({ name }) => name))]
        if (definitions.join() !== this.#state.definitions.join()) this.#setState({ ...this.#state, definitions })
        await this.#readPostponed()
      } catch {
        // The reason is sent by `#follow`.
      }
      await setTimeout(LOOK_MS, undefined, { signal }).catch(() => {})
    }
  }

  #setState(state: StoreState): void {
    this.#state = state
    this.send('state', state)
  }

  #initial(): StoreState {
    return {
      location: this.#store.location,
      actions: this.#actions,
      loaded: false,
      missing: false,
      capped: false,
      corrupt: [],
      definitions: this.#state?.definitions ?? [],
    }
  }
}
