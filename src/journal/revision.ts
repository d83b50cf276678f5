import { isFinal } from '../record/record.ts'
import type { JournalLine } from '../record/record.ts'

/**
 * Checks that revisions only grow. The one exception is a final line that is written again, because
 * its first write may have failed after the line was in the store.
 *
 * @throws TypeError
 */
export function checkRevision({ pid, revision, status }: JournalLine, newest: number): void {
  if (revision > newest || (revision === newest && isFinal(status))) return
  throw new TypeError(`Process ${pid} is at revision ${newest}, a line with revision ${revision} cannot follow`)
}
