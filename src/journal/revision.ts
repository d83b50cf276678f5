import type { JournalLine } from '../record/record.ts'

/**
 * Checks that revisions only grow. The newest line may be written again, because its first write
 * may have succeeded without an answer.
 *
 * @throws TypeError
 */
export function checkRevision({ pid, revision }: JournalLine, newest: number): void {
  if (revision >= newest) return
  throw new TypeError(`Process ${pid} is at revision ${newest}, a line with revision ${revision} cannot follow`)
}
