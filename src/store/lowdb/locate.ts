import { ifThere, openToRead } from '../../journal/files.ts'
import { readFailed } from '../../journal/failures.ts'
import type { OpenJournal } from '../../journal/reader.ts'
import { FINAL_STATUSES } from '../../record/record.ts'
import type { Directory } from './directory.ts'
import { ownersIn } from './paths.ts'
import type { Place } from './paths.ts'

/** A journal that moves on while it is looked for is met on a later look. */
const LOOKS = 3

type Shared = Pick<Directory, 'files' | 'paths'>

export interface Located extends OpenJournal {
  readonly place: Place
}

/**
 * Opens the journal of a process wherever it is, or returns `undefined` if it is nowhere. It looks
 * in the order in which journals move. The caller closes `fd`.
 *
 * @throws ERR_STORE_READ, ERR_STORE_CORRUPT
 */
export function locate(directory: Shared, pid: string): Located | undefined {
  for (let look = 0; look < LOOKS; look++) {
    for (const [place, file] of placesOf(directory, pid)) {
      const fd = openIfThere(directory, file)
      if (fd !== undefined) return { fd, pid, file, place }
    }
  }
  return undefined
}

/** The place of the journal of a process, or `undefined` if it is nowhere. */
export function placeOf(directory: Shared, pid: string): Pick<Located, 'file' | 'place'> | undefined {
  const journal = locate(directory, pid)
  if (journal !== undefined) directory.files.closeSync(journal.fd)
  return journal
}

function* placesOf({ files, paths }: Shared, pid: string): Generator<[Place, string]> {
  yield [{ kind: 'pending' }, paths.journal(paths.pending, pid)]
  for (const owner of ownersIn(files, paths)) yield [{ kind: 'active', owner }, paths.activeJournal(owner, pid)]
  for (const status of FINAL_STATUSES) yield [{ kind: 'ended', status }, paths.endedJournal(pid, status)]
}

/**
 * Asking first is five times cheaper than an open that throws, and most places are the wrong one.
 */
function openIfThere({ files }: Shared, file: string): number | undefined {
  try {
    if (files.statSync(file, { throwIfNoEntry: false }) === undefined) return undefined
    return ifThere(() => openToRead(files, file))
  } catch (error) {
    throw readFailed(file, error)
  }
}
