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
    const kept = worthKeeping(texts, pid, connection.place.location)
    const positions = new Set(kept.map(({ position }) => position))
    const dropped = lines.filter((_, position) => !positions.has(position)).map(({ revision }) => revision)
    await ask('DELETE FROM lines WHERE process = $1 AND revision = ANY($2::int[])', [row.id, dropped])
    const changed = kept.filter(({ position, text }) => text !== texts[position])
    await ask(
      `UPDATE lines l SET line = t.line FROM unnest($2::int[], $3::text[]) AS t(revision, line)
       WHERE l.process = $1 AND l.revision = t.revision`,
      [row.id, changed.map(({ position }) => lines[position]!.revision), changed.map(({ text }) => text)],
    )
    const bytes = kept.reduce((sum, { text }) => sum + text.length, 0)
    const newest = lines[kept.findLast(({ isWhole }) => isWhole)!.position]!.revision
    await ask('UPDATE processes SET bytes = $1, newest = $2 WHERE id = $3', [bytes, newest, row.id])
    return Math.max(COMPACT_AT, 2 * bytes)
  })
