import { toFirstLine } from '../../journal/line.ts'
import type { TrailEntries } from '../../record/record.ts'
import type { ImportedJournal } from '../journal-of-history.ts'
import type { Created } from '../store.ts'
import type { Connection } from './connection.ts'
import { insertProcess } from './insert-process.ts'
import { changeNotes } from './notifications.ts'
import { TABLES } from './trails.ts'
import { keyHash } from './values.ts'

/** See `HostStore.import`. */
export const importProcess = (
  connection: Connection,
  { first, lines, last, newest, waits }: ImportedJournal,
  trails: TrailEntries,
): Promise<Created> =>
  connection.transaction(async (ask, notify) => {
    const { pid } = last
    const journal = [toFirstLine(first), ...lines].map(line => ({
      revision: line.revision,
      text: JSON.stringify(line),
    }))
    if (!(await insertProcess(ask, last, { owner: waits, newest, lines: journal }))) {
      const [holder] = await ask<{ pid: string }>(
        'SELECT pid FROM processes WHERE pid = $1 OR key = $2 ORDER BY pid <> $1',
        [pid, keyHash(first.key)],
      )
      return { pid: holder?.pid ?? pid, created: false }
    }
    for (const trail of ['log', 'stream'] as const) {
      const sql = `INSERT INTO ${TABLES[trail].table} (process, entry) SELECT p.id, e FROM processes p, unnest($2::text[]) AS e WHERE p.pid = $1`
      await ask(sql, [pid, trails[trail].map(entry => JSON.stringify(entry))])
    }
    notify(...changeNotes(connection.place, [pid]))
    return { pid, created: true }
  })
