import type { ListQuery } from '../store.ts'
import type { Ask } from './connection.ts'
import { labelTexts } from './values.ts'

const PAGE = 64
/** Sorts after every pid. */
const AFTER_ALL = '{'

/**
 * The pids of a query, newest first, a page at a time: each page begins where the one before ended.
 */
export async function* pidPages(ask: Ask, { status, name, labels }: ListQuery): AsyncGenerator<string[]> {
  if (status?.length === 0) return
  const values: unknown[] = [AFTER_ALL]
  const bind = (value: unknown): string => `$${values.push(value)}`
  const fixed: string[] = []
  if (name !== undefined) fixed.push(`name = ${bind(name)}`)
  const texts = labelTexts(labels)
  if (texts !== null && texts.length > 0) fixed.push(`labels @> ${bind(texts)}::text[]`)
  const page = (where: readonly string[]): string =>
    `SELECT pid FROM processes WHERE ${[...fixed, ...where, 'pid < $1'].join(' AND ')} ORDER BY pid DESC LIMIT ${PAGE}`
  // An index has a range for each status: a page takes the newest of each.
  const ranges = status === undefined ? [page([])] : [...new Set(status)].map(one => page([`status = ${bind(one)}`]))
  const sql = `SELECT pid FROM (${ranges.map(range => `(${range})`).join(' UNION ALL ')}) AS found ORDER BY pid DESC LIMIT ${PAGE}`
  for (;;) {
    const pids = (await ask<{ pid: string }>(sql, values)).map(({ pid }) => pid)
    yield pids
    if (pids.length < PAGE) return
    values[0] = pids.at(-1)
  }
}

/** Pids that begin so, newest first. */
export async function findPids(ask: Ask, prefix: string, limit: number): Promise<string[]> {
  const sql = 'SELECT pid FROM processes WHERE pid >= $1 AND pid < $2 ORDER BY pid DESC LIMIT $3'
  const rows = await ask<{ pid: string }>(sql, [prefix, prefix + AFTER_ALL, Math.min(Math.max(0, limit), 2 ** 31 - 1)])
  return rows.map(({ pid }) => pid)
}
