import { isOfOneJournal, quote } from '../failures.ts'
import { toFirstLine } from '../line.ts'
import { isPid } from '../pid.ts'
import type { ProcessRecord } from '../record.ts'
import type { Commits } from './commits.ts'
import type { Database } from './database.ts'
import { SUBMITTED } from './hosts.ts'
import { createProcess } from './journal.ts'
import type { Reader } from './reader.ts'
import { readNewest } from './records.ts'

/** @throws TypeError if its pid is none */
export function firstLineOf(record: ProcessRecord): string {
  const { pid } = record
  if (!isPid(pid)) throw new TypeError(`A pid is 20 characters of 0-9 and a-z, got ${quote(pid)}: make it with createPid()`)
  return JSON.stringify(toFirstLine(record))
}

/** Puts a process that waits for a host into the store, and wakes the hosts: any of them may be a worker. */
export async function submit(
  { db, commits, hosts }: Reader,
  record: ProcessRecord,
  text: string,
): Promise<{ readonly pid: string; readonly created: boolean }> {
  const submitted = await commits.add(() => createProcess(db, record, SUBMITTED, text))
  if (submitted.created) await hosts.wakeAll()
  return submitted
}

/** Takes what was submitted and `accept` says yes to, oldest first, each by a change of owner that lets exactly one host win. */
export async function* take(
  db: Database,
  commits: Commits,
  hostId: string,
  accept: (record: ProcessRecord) => boolean,
): AsyncGenerator<ProcessRecord> {
  for (let after = ''; ;) {
    const next = await db.read(() =>
      db.get<{ pid: string }>('SELECT pid FROM processes WHERE owner = ? AND pid > ? ORDER BY pid LIMIT 1', SUBMITTED, after),
    )
    if (next === undefined) return
    after = next.pid
    const record = await readSubmission(db, after)
    if (record === undefined || !accept(record)) continue
    const taken = await commits.add(() => db.run('UPDATE processes SET owner = ? WHERE pid = ? AND owner = ?', hostId, after, SUBMITTED))
    if (taken > 0) yield record
  }
}

/** `undefined`: somebody else was faster, or it cannot be read; readers tell that. */
async function readSubmission(db: Database, pid: string): Promise<ProcessRecord | undefined> {
  try {
    return (await db.read(() => readNewest(db, pid)))?.record
  } catch (error) {
    if (isOfOneJournal(error)) return undefined
    throw error
  }
}
