import { setTimeout } from 'node:timers/promises'
import { createdAtOf } from '../record/pid.ts'
import { isFinal, PROCESS_STATUSES } from '../record/record.ts'
import type { StoredProcess } from '../record/host.ts'
import type { ListQuery, Store } from '../store/store.ts'

const INTERVAL_MS = 250
/** Clocks of processes on one machine agree; a pid is made a moment before its journal is there. */
const MARGIN_MS = 5_000

const LIVE = PROCESS_STATUSES.filter(status => !isFinal(status))

/** Processes that live, each as it is and then as it changes, to its end. Ends when `signal` aborts. */
export async function* watchAll(store: Store, query: ListQuery, signal: AbortSignal): AsyncGenerator<StoredProcess> {
  const begun = Date.now()
  /** Revisions told, of processes that live. */
  const told = new Map<string, number>()
  /** Ended ones that are young enough to be met again. */
  const ended = new Set<string>()
  for (let since = begun; !signal.aborted;) {
    const now = Date.now()
    const live = new Set<string>()
    for await (const stored of store.list({ ...query, status: LIVE })) {
      const { pid, revision } = stored.record
      live.add(pid)
      if ((told.get(pid) ?? 0) >= revision || isFinal(stored.record.status)) continue
      told.set(pid, revision)
      yield stored
      if (signal.aborted) return
    }
    // Those that live no more, and those that were through before anybody looked.
    const gone = [...told.keys()].filter(pid => !live.has(pid))
    const young: string[] = []
    for await (const { record } of store.list(query)) {
      if (createdAtOf(record.pid) < since - MARGIN_MS) break
      if (!told.has(record.pid) && !ended.has(record.pid) && record.createdAt >= begun && isFinal(record.status)) young.push(record.pid)
    }
    for (const pid of [...gone, ...young]) {
      const stored = await store.get(pid)
      if (stored === undefined) told.delete(pid)
      if (stored === undefined || !isFinal(stored.record.status)) continue
      told.delete(pid)
      ended.add(pid)
      yield stored
      if (signal.aborted) return
    }
    since = now
    for (const pid of ended) if (createdAtOf(pid) < since - MARGIN_MS) ended.delete(pid)
    await setTimeout(INTERVAL_MS, undefined, { signal }).catch(() => {})
  }
}
