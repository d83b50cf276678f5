import fs from 'node:fs'
import { ifThere } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { readFailed } from '../../journal/failures.ts'
import type { OpenJournal } from '../../journal/reader.ts'
import { FINAL_STATUSES } from '../../record/record.ts'
import { ownersIn } from './folders.ts'
import type { Folders, Place } from './folders.ts'

/** A journal that moves on while it is looked for is met on a later look. */
const LOOKS = 3

export interface Located extends OpenJournal {
  readonly place: Place
}

/**
 * Opens a process's journal wherever it is; `undefined` if it is nowhere. Looks in the order in which journals move. The caller
 * closes `fd`.
 *
 * @throws ERR_STORE_READ
 */
export function locate(files: Files, folders: Folders, pid: string): Located | undefined {
  for (let look = 0; look < LOOKS; look++) {
    for (const [place, file] of placesOf(files, folders, pid)) {
      const fd = openIfThere(files, file)
      if (fd !== undefined) return { fd, pid, file, place }
    }
  }
  return undefined
}

/** Whether a process's journal is where ended ones are. */
export function hasEnded(files: Files, folders: Folders, pid: string): boolean {
  const journal = locate(files, folders, pid)
  if (journal !== undefined) files.closeSync(journal.fd)
  return journal?.place.kind === 'ended'
}

function* placesOf(files: Files, folders: Folders, pid: string): Generator<[Place, string]> {
  yield [{ kind: 'pending' }, folders.pendingFile(pid)]
  for (const owner of ownersIn(files, folders)) yield [{ kind: 'active', owner }, folders.activeFile(owner, pid)]
  for (const status of FINAL_STATUSES) yield [{ kind: 'ended', status }, folders.endedFile(pid, status)]
}

/** Asking first is five times cheaper than an open that throws, and most places are the wrong one. */
function openIfThere(files: Files, file: string): number | undefined {
  try {
    if (files.statSync(file, { throwIfNoEntry: false }) === undefined) return undefined
    return ifThere(() => files.openSync(file, fs.constants.O_RDONLY))
  } catch (error) {
    throw readFailed(file, error)
  }
}
