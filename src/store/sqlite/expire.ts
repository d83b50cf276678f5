import { setImmediate } from 'node:timers/promises'
import { firstPidOf } from '../../record/pid.ts'
import { FINAL_STATUSES } from '../../record/record.ts'
import type { Commits } from './commits.ts'
import type { Database } from './database.ts'
import { deleteProcess } from './journal.ts'

/** Processes removed per transaction: a few milliseconds. */
const BATCH = 50

/**
 * See `HostStore.expire`.
 *
 * @param isOpen a host that closes does not wait for what is old
 */
export async function expire(
  db: Database,
  commits: Commits,
  isOpen: () => boolean,
  createdBefore: number,
  endedBefore: number,
): Promise<number> {
  let removed = 0
  for (const status of FINAL_STATUSES) {
    while (isOpen()) {
      const count = await commits.add(() => {
        const old = db.all<{ pid: string }>(
          // Children stay as long as their root.
          `SELECT pid FROM processes WHERE status = ? AND pid < ? AND ended_at < ?
             AND (parent IS NULL OR NOT EXISTS (SELECT 1 FROM processes AS root WHERE root.pid = processes.parent))
           ORDER BY pid LIMIT ?`,
          status,
          firstPidOf(createdBefore),
          endedBefore,
          BATCH,
        )
        for (const { pid } of old) deleteProcess(db, pid)
        return old.length
      })
      removed += count
      if (count < BATCH) break
      await setImmediate()
    }
  }
  return removed
}
