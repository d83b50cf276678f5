import { epochOf, isFinal } from '../../record/record.ts'
import type { ProcessRecord } from '../../record/record.ts'
import type { Ask } from './connection.ts'
import { keyHash, labelTexts } from './values.ts'

interface Journal {
  /** Absent: the process has ended. */
  readonly owner?: string | undefined
  /** The revision of the newest transition: default that of the record. */
  readonly newest?: number
  readonly lines: readonly { readonly revision: number; readonly text: string }[]
}

/**
 * Adds a process with its journal, within a transaction.
 *
 * @returns false if its pid or its key is taken
 */
export async function insertProcess(
  ask: Ask,
  record: ProcessRecord,
  { owner, newest, lines }: Journal,
): Promise<boolean> {
  const { pid, name, status, key, parent, labels, revision, at } = record
  const [row] = await ask<{ id: number }>(
    `INSERT INTO processes (pid, name, status, owner, epoch, key, parent, labels, revision, newest, bytes, ended_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING id`,
    [
      pid,
      name,
      status,
      owner ?? null,
      epochOf(record),
      keyHash(key),
      parent?.pid ?? null,
      labelTexts(labels),
      revision,
      newest ?? revision,
      lines.reduce((sum, { text }) => sum + text.length, 0),
      isFinal(status) ? at : null,
    ],
  )
  if (row === undefined) return false
  await ask('INSERT INTO lines (process, revision, line) SELECT $1, * FROM unnest($2::int[], $3::text[])', [
    row.id,
    lines.map(line => line.revision),
    lines.map(({ text }) => text),
  ])
  return true
}
