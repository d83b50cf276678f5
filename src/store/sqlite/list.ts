import { PROCESS_STATUSES } from '../record.ts'
import type { ListQuery } from '../store.ts'
import type { Database } from './database.ts'

const PAGE = 64
/** Sorts after every pid. */
const AFTER_ALL = '{'

/** One page of pids before `before`, newest first. */
type ReadPage = (before: string) => string[]

/**
 * The pids of a query, newest first, read a page at a time: each page begins where the one before ended, and is looked up in an index.
 */
export async function* pidsOf(db: Database, query: ListQuery): AsyncGenerator<string> {
  const readPage = pageReader(db, query)
  let before = AFTER_ALL
  for (;;) {
    const pids = await db.read(() => readPage(before))
    yield* pids
    if (pids.length < PAGE) return
    before = pids.at(-1)!
  }
}

/**
 * An index has a range for each status. A page takes the newest of each range, within one statement: a process that goes from one status
 * to another is neither missed nor met twice.
 */
function pageReader(db: Database, { status, name, labels }: ListQuery): ReadPage {
  const [label, ...otherLabels] = Object.entries(labels ?? {})
  if (status === undefined && name === undefined && label === undefined) {
    return before => pids(db.all('SELECT pid FROM processes WHERE pid < ? ORDER BY pid DESC LIMIT ?', before, PAGE))
  }
  const values: string[] = []
  const bind = (value: string): string => `?${values.push(value) + 2}`
  const fixed: string[] = []
  if (name !== undefined) fixed.push(`name = ${bind(name)}`)
  if (label !== undefined) fixed.push(isLabelled(label))
  for (const other of otherLabels) {
    fixed.push(`EXISTS (SELECT 1 FROM labels AS l WHERE ${isLabelled(other)} AND l.status = labels.status AND l.pid = labels.pid)`)
  }
  const ranges = [...new Set(status ?? PROCESS_STATUSES)].map(
    one => `SELECT pid FROM (SELECT pid FROM ${label ? 'labels' : 'processes'}
    WHERE ${[...fixed, `status = ${bind(one)}`].join(' AND ')} AND pid < ?1 ORDER BY pid DESC LIMIT ?2)`,
  )
  if (ranges.length === 0) return () => []
  const sql = `SELECT pid FROM (${ranges.join(' UNION ALL ')}) ORDER BY pid DESC LIMIT ?2`
  return before => pids(db.all(sql, before, PAGE, ...values))

  function isLabelled([key, value]: [string, string]): string {
    return `label = ${bind(key)} AND value = ${bind(value)}`
  }
}

const pids = (rows: { pid: string }[]): string[] => rows.map(({ pid }) => pid)

/** Pids that begin so, newest first. */
export function findPids(db: Database, prefix: string, limit: number): string[] {
  const most = Math.min(Math.max(0, limit), 2 ** 31)
  return pids(db.all('SELECT pid FROM processes WHERE pid >= ? AND pid < ? ORDER BY pid DESC LIMIT ?', prefix, prefix + AFTER_ALL, most))
}
