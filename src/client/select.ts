import type { StoredProcess } from '../record/host.ts'
import { toInfo, type ProcessInfo } from '../record/info.ts'
import { allDescribed, described } from '../store/described.ts'
import type { ListQuery, Store } from '../store/store.ts'
import type { ListOptions } from './client.ts'
import { RETRYABLE, retryKey } from './new-process.ts'

/** Which processes to select: those that fit all of these. */
export type Selection = ListQuery &
  Pick<ListOptions, 'since' | 'before' | 'error' | 'retried'> & {
    /** Whether another process has started it. */
    readonly isChild?: boolean
  }

/** The process that tries this one again, if one does. */
export const retriedBy = (store: Store, pid: string): Promise<string | undefined> => store.holderOf(retryKey(pid))

/** What the store knows of a process: also what stands in other places than its own journal. */
export async function infoOf(
  store: Store,
  stored: StoredProcess,
  describe = (one: StoredProcess): Promise<StoredProcess> => described(store, one),
): Promise<ProcessInfo> {
  const { pid, status } = stored.record
  const by = RETRYABLE.includes(status) ? await retriedBy(store, pid) : undefined
  const info = toInfo(await describe(stored))
  return by === undefined ? info : { ...info, retriedBy: by }
}

/** The processes that fit, newest first. */
export async function* select(
  store: Store,
  { since, before, error, retried, isChild, ...query }: Selection,
  onCorrupt?: ListOptions['onCorrupt'],
): AsyncGenerator<ProcessInfo> {
  const [from, to] = [since?.getTime() ?? -Infinity, before?.getTime() ?? Infinity]
  const describe = allDescribed(store)
  for await (const stored of store.list(query, onCorrupt)) {
    const { record } = stored
    // The list is ordered by pid, and pids by their time of creation.
    if (record.createdAt < from) return
    if (record.createdAt >= to || (isChild !== undefined && isChild !== (record.parent !== undefined))) continue
    if (error !== undefined && !hasText(record, error)) continue
    const info = await infoOf(store, stored, describe)
    if (retried === undefined || retried === (info.retriedBy !== undefined)) yield info
  }
}

const hasText = ({ error }: StoredProcess['record'], text: string): boolean =>
  error !== undefined && `${error.name} ${error.code ?? ''} ${error.message}`.toLowerCase().includes(text.toLowerCase())
