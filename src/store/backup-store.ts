import { StepwrightError } from '../errors.ts'
import { BATCH, copyDocuments, copyProcess, failAt, refuseSame, type CopyOptions } from './copy-store.ts'
import type { Store } from './store.ts'

/** How much later than its parent a child may seem to have begun, because the clocks of hosts differ. */
const CLOCKS_DIFFER_MS = 60_000

/**
 * Copies a store into an empty one while its hosts run, so that every process of the copy can go
 * on. Each process is copied as it is when its turn comes, and waits in the copy to be adopted. A
 * process that begins during the backup may be left out, unless it is the child of one that is not.
 *
 * To restore, close the hosts of the damaged store and let them open the backup, or copy it with
 * `copyStore`. Every step that was under way runs again, and whatever happened since the backup is
 * forgotten: side effects have to be idempotent.
 *
 * @returns how many processes were copied
 * @throws ERR_NOT_EMPTY if the other store has processes, ERR_STORE_MISSING, ERR_STORE_CORRUPT,
 * ERR_STORE_READ, ERR_STORE_WRITE; a TypeError if both are the same
 * @example
 * await backupStore(lowdbStore('.stepwright'), sqliteStore(`backup-${Date.now()}.sqlite`))
 */
export async function backupStore(
  from: Store,
  to: Store,
  { onCorrupt = failAt, onProgress }: CopyOptions = {},
): Promise<number> {
  refuseSame(from, to)
  await refuseFilled(to)
  // For a store that is not there, no other one is made.
  await from.find('', 1)
  const host = await to.openHost()
  try {
    // Before the processes: a command that is applied meanwhile, or a tick that is started, is found
    // done by its id or key. The other way round it would be lost.
    await copyDocuments(from, to)
    const seen = new Set<string>()
    let copied = 0
    // Parents first: a copied record names no child that began after it.
    const all: string[] = []
    let newest = 0
    for await (const { record } of from.list({}, onCorrupt)) {
      all.push(record.pid)
      newest = Math.max(newest, record.createdAt)
    }
    for (let pids = all.toReversed(); pids.length > 0; pids = await childrenSince(newest - CLOCKS_DIFFER_MS)) {
      for (let at = 0; at < pids.length; at += BATCH) {
        const batch = pids.slice(at, at + BATCH)
        const created = await Promise.all(batch.map(pid => copyProcess(from, to, host, pid, onCorrupt)))
        for (const pid of batch) seen.add(pid)
        copied += created.filter(isNew => isNew === true).length
        onProgress?.(copied)
      }
    }
    return copied

    /** Children that have begun since their parents were listed. */
    async function childrenSince(time: number): Promise<string[]> {
      const pids: string[] = []
      for await (const { record } of from.list({}, () => {})) {
        if (record.createdAt < time) break
        if (record.parent && seen.has(record.parent.pid) && !seen.has(record.pid)) pids.push(record.pid)
      }
      return pids.toReversed()
    }
  } finally {
    await host.close()
  }
}

/** A backup that is added to would keep the old state of processes that have gone on. */
async function refuseFilled(to: Store): Promise<void> {
  try {
    for await (const { record } of to.list({}))
      throw new StepwrightError(
        'ERR_NOT_EMPTY',
        `${to.location} has processes already, such as ${record.pid}. Give each backup a place of its own.`,
      )
  } catch (error) {
    if (!(error instanceof StepwrightError && error.code === 'ERR_STORE_MISSING')) throw error
  }
}
