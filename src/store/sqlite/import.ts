import type { ImportedJournal } from '../journal-of-history.ts'
import { toFirstLine } from '../../journal/line.ts'
import type { TrailEntries } from '../../record/record.ts'
import type { Created } from '../store.ts'
import type { Database } from './database.ts'
import { holderOf, insertLine, insertProcess, isThere } from './journal.ts'
import { insertEntries } from './trails.ts'

/** See `HostStore.import`. Runs within a transaction. */
export function importProcess(
  db: Database,
  hostId: string,
  { first, lines, last, newest, waits }: ImportedJournal,
  trails: TrailEntries,
): Created {
  const { pid, key } = first
  const holder = isThere(db, pid) ? pid : key === undefined ? undefined : holderOf(db, key)
  if (holder !== undefined) return { pid: holder, created: false }
  const texts = [toFirstLine(first), ...lines].map(line => JSON.stringify(line))
  const id = insertProcess(
    db,
    last,
    waits ?? hostId,
    texts.reduce((sum, { length }) => sum + length, 0),
    newest,
  )
  texts.forEach((text, i) => insertLine(db, id, (lines[i - 1] ?? first).revision, text))
  for (const trail of ['log', 'stream'] as const)
    insertEntries(
      db,
      trail,
      id,
      trails[trail].map(entry => JSON.stringify(entry)),
    )
  return { pid, created: true }
}
