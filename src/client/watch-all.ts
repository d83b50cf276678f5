import { StepwrightError } from '../errors.ts'
import type { StoredProcess } from '../record/host.ts'
import { isFinal, LIVE_STATUSES } from '../record/record.ts'
import { matches } from '../store/query.ts'
import type { ListQuery, Store } from '../store/store.ts'

/**
 * A store may name a process again after its end, when it moves it: so many ended ones are
 * remembered.
 */
const MAX_ENDED = 10_000

/**
 * The processes that live, each as it is and then as it changes, to its end. Ends when `signal`
 * aborts.
 */
export async function* watchAll(store: Store, query: ListQuery, signal: AbortSignal): AsyncGenerator<StoredProcess> {
  const seen = new Seen()
  let isFirst = true
  for await (const pids of store.changes(signal)) {
    // The first batch names every process there is: of those only the live ones count, which a list
    // finds without reading the rest.
    const changed = isFirst ? store.list({ ...query, status: LIVE_STATUSES }) : allOf(store, pids, query)
    isFirst = false
    for await (const stored of changed) {
      if (seen.isNew(stored)) yield stored
      if (signal.aborted) return
    }
  }
}

async function* allOf(store: Store, pids: readonly string[], query: ListQuery): AsyncGenerator<StoredProcess> {
  for (const pid of pids) {
    const stored = await getReadable(store, pid)
    if (stored && matches(query, stored.record)) yield stored
  }
}

/** A journal that is corrupt is left out, as in a list. */
async function getReadable(store: Store, pid: string): Promise<StoredProcess | undefined> {
  try {
    return await store.get(pid)
  } catch (error) {
    if (error instanceof StepwrightError && error.code === 'ERR_STORE_CORRUPT') return undefined
    throw error
  }
}

/** What the watcher has been given. */
class Seen {
  /** The revisions of live processes. */
  readonly #revisions = new Map<string, number>()
  /** Oldest first. */
  readonly #ended = new Set<string>()

  isNew({ record: { pid, revision, status } }: StoredProcess): boolean {
    if (this.#ended.has(pid) || (this.#revisions.get(pid) ?? 0) >= revision) return false
    if (!isFinal(status)) this.#revisions.set(pid, revision)
    else {
      this.#revisions.delete(pid)
      this.#ended.add(pid)
      for (const oldest of this.#ended) if (this.#ended.size > MAX_ENDED) this.#ended.delete(oldest)
    }
    return true
  }
}
