import { firstPidOf } from '../../record/pid.ts'
import { FINAL_STATUSES } from '../../record/record.ts'
import type { Connection } from './connection.ts'

/** Processes removed per transaction. */
const BATCH = 500

/**
 * See `HostStore.expire`.
 *
 * @param isOpen a host that closes does not wait for what is old
 */
export async function expire(
  connection: Connection,
  isOpen: () => boolean,
  createdBefore: number,
  endedBefore: number,
): Promise<number> {
  let removed = 0
  while (isOpen()) {
    const count = await connection.transaction(async ask => {
      const pids = await ask<{ pid: string }>(
        // Children stay as long as their root.
        `SELECT pid FROM processes WHERE status = ANY($1::text[]) AND pid < $2 AND ended_at < $3
           AND (parent IS NULL OR NOT EXISTS (SELECT 1 FROM processes AS root WHERE root.pid = processes.parent))
         ORDER BY pid LIMIT $4 FOR UPDATE SKIP LOCKED`,
        [FINAL_STATUSES, firstPidOf(createdBefore), endedBefore, BATCH],
      )
      await removeProcesses(
        ask,
        pids.map(({ pid }) => pid),
      )
      return pids.length
    })
    removed += count
    if (count < BATCH) break
  }
  return removed
}

/** Removes processes and all that belongs to them, within a transaction. */
export async function removeProcesses(ask: Connection['ask'], pids: readonly string[]): Promise<void> {
  const ids = (await ask<{ id: number }>('DELETE FROM processes WHERE pid = ANY($1::text[]) RETURNING id', [pids])).map(
    ({ id }) => id,
  )
  for (const table of ['lines', 'logs', 'streams'])
    await ask(`DELETE FROM ${table} WHERE process = ANY($1::bigint[])`, [ids])
}
