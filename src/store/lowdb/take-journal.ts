import { ifThere } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { dropDraft } from './compaction.ts'
import type { Directory } from './directory.ts'
import { keyOf } from './first-line.ts'

/**
 * Takes a journal away from its owner, who may be alive after all: by a rename, which lets exactly
 * one host win.
 *
 * An owner that is about to put a draft in the place of the journal makes sure that the journal is
 * there, and then renames the draft (see `OwnedJournals`). In between, the journal may have been
 * taken. So the draft goes too, after which it cannot be put there any more; and if that had been
 * done already, it is what has to be taken.
 *
 * @returns false if the journal is gone: another host was faster, or its process has ended
 */
export function takeJournal(directory: Directory, owner: string, pid: string, target: string): boolean {
  const { files, paths } = directory
  const folder = paths.activeFolder(owner)
  const file = paths.journal(folder, pid)
  if (!rename(files, file, target)) return false
  if (file === target) return true
  const draft = paths.draft(folder, pid)
  for (;;) {
    if (isThere(files, draft))
      dropDraft(directory, { pid, key: ifThere(() => keyOf(files, target)), file: target, draft })
    if (!isThere(files, file)) return true
    rename(files, file, target)
  }
}

/** @returns false if there is no such file */
export const rename = (files: Files, from: string, to: string): boolean =>
  ifThere(() => (files.renameSync(from, to), true)) ?? false

const isThere = (files: Files, file: string): boolean => files.statSync(file, { throwIfNoEntry: false }) !== undefined
