import { COMPACT_AT, worthKeeping } from '../../journal/worth-keeping.ts'
import type { Connection } from './connection.ts'

/**
 * Removes lines of a long journal that nobody needs any more.
 *
 * @returns at what length the journal is to be compacted again
 */
export const compact = (connection: Connection, hostId: string, pid: string, epoch: number): Promise<number> =>
  connection.transaction(async ask => {
    const [row] = await ask<{ id: number }>(
      'SELECT id FROM processes WHERE pid = $1 AND owner = $2 AND epoch = $3 FOR UPDATE',
      [pid, hostId, epoch],
    )
    if (row === undefined) return COMPACT_AT
    const lines = await ask<{ revision: number; line: string }>(
      'SELECT revision, line FROM lines WHERE process = $1 ORDER BY revision',
      [row.id],
    )
    const texts = lines.map(({ line }) => line)
    const kept = new Set(worthKeeping(texts, pid, connection.place.location))
    const dropped = lines.filter((_, position) => !kept.has(position)).map(({ revision }) => revision)
    const bytes = texts.reduce((sum, text, position) => (kept.has(position) ? sum + text.length : sum), 0)
    await ask('DELETE FROM lines WHERE process = $1 AND revision = ANY($2::int[])', [row.id, dropped])
    await ask('UPDATE processes SET bytes = $1 WHERE id = $2', [bytes, row.id])
    return Math.max(COMPACT_AT, 2 * bytes)
  })
