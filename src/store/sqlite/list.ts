import { isPid } from '../../record/pid.ts'
import { PROCESS_STATUSES } from '../../record/record.ts'
import type { ListQuery } from '../store.ts'
import type { Database } from './database.ts'

const PAGE = 64
/** A label on more processes than this counts as common, so its exact number does not matter. */
const COUNTED = 10_000
/** Sorts after every pid. */
const AFTER_ALL = '{'

/** One page of pids before `before`, newest first. */
type ReadPage = (before: string) => string[]

/**
 * The pids of a query, newest first. They are read a page at a time from an index; each page begins
 * where the one before ended.
 */
export async function* pidsOf(db: Database, query: ListQuery): AsyncGenerator<string> {
  const readPage = await db.read(() => pageReader(db, query))
  let before = AFTER_ALL
  for (;;) {
    const pids = await db.read(() => readPage(before))
    yield* pids
    if (pids.length < PAGE) return
    before = pids.at(-1)!
  }
}

/**
 * An index has a range for each status. One statement takes the newest of each range, so a process
 * whose status changes is neither missed nor listed twice.
 */
function pageReader(db: Database, { status, name, labels }: ListQuery): ReadPage {
  const [label, ...otherLabels] = rarestFirst(db, Object.entries(labels ?? {}))
  if (status === undefined && name === undefined && label === undefined) {
    return before => pids(db.all('SELECT pid FROM processes WHERE pid < ? ORDER BY pid DESC LIMIT ?', before, PAGE))
  }
  const values: string[] = []
  const bind = (value: string): string => `?${values.push(value) + 2}`
  const fixed: string[] = []
  if (name !== undefined) fixed.push(`name = ${bind(name)}`)
  if (label !== undefined) fixed.push(isLabelled(label))
  for (const other of otherLabels) {
    fixed.push(
      `EXISTS (SELECT 1 FROM labels AS l WHERE ${isLabelled(other)} AND l.status = labels.status AND l.pid = labels.pid)`,
    )
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

/**
 * Sorts labels so that the rarest comes first: it is looked up in its index, the others for each of
 * its processes.
 */
function rarestFirst(db: Database, labels: [string, string][]): [string, string][] {
  if (labels.length < 2) return labels
  const sql = 'SELECT count(*) AS n FROM (SELECT 1 FROM labels WHERE label = ? AND value = ? LIMIT ?)'
  const counted = labels.map(label => ({ label, n: db.get<{ n: number }>(sql, ...label, COUNTED)!.n }))
  return counted.toSorted((a, b) => a.n - b.n).map(({ label }) => label)
}

/** Pids that begin with `prefix`, newest first. */
export function findPids(db: Database, prefix: string, limit: number): string[] {
  const most = Math.min(Math.max(0, limit), 2 ** 31)
  const sql = 'SELECT pid FROM processes WHERE pid >= ? AND pid < ? ORDER BY pid DESC LIMIT ?'
  return pids(db.all(sql, prefix, prefix + AFTER_ALL, most)).filter(isPid)
}
