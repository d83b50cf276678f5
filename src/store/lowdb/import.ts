import { makeFolder, removeFile, writeAtomically } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import type { ImportedJournal } from '../journal-of-history.ts'
import { Journal } from '../../journal/journal.ts'
import { encodeLine, toFirstLine } from '../../journal/line.ts'
import { hourOf } from '../../record/pid.ts'
import { isFinal } from '../../record/record.ts'
import type { LogEntry } from '../../record/record.ts'
import { draftName } from './compaction.ts'
import type { Folders } from './folders.ts'
import type { Keys } from './keys.ts'
import { locate } from './locate.ts'
import type { EndedMoves } from './moves.ts'
import type { Durability } from './power.ts'

/** What a host imports with. */
export interface Importer {
  readonly files: Files
  readonly folders: Folders
  readonly keys: Keys
  readonly moves: EndedMoves
  readonly durability: Durability
  /** Where the journals are that the host owns. */
  readonly folder: string
}

/**
 * See `HostStore.import`. From the rename on the journal is one whose host has written its end and still has to claim its key and to move it:
 * what dies here is finished by an heir.
 */
export async function importProcess(
  { files, folders, keys, moves, durability, folder }: Importer,
  { first, lines, last }: ImportedJournal,
  log: readonly LogEntry[],
): Promise<{ readonly pid: string; readonly created: boolean }> {
  const { pid, key } = first
  const holder = holderOf(files, folders, pid) ?? (key === undefined ? undefined : keys.holderOf(key))
  if (holder !== undefined) return { pid: holder, created: false }
  const file = `${folder}/${pid}.jsonl`
  let isClaimed = false
  try {
    if (log.length > 0) {
      makeFolder(files, `${folders.logs}/${hourOf(pid)}`)
      writeAtomically(files, folders.logFile(pid), log.map(encodeLine).join(''))
    }
    await writeJournal(files, durability, `${folder}/${draftName(pid)}`, file, { first, lines, last })
    const winner = key === undefined ? pid : keys.claim(key, pid, file)
    isClaimed = key !== undefined && winner === pid
    if (winner !== pid) {
      removeFile(files, file)
      removeFile(files, folders.logFile(pid))
    } else if (isFinal(last.status)) {
      const made = moves.move(folder, pid, last.status)
      await durability.folders(folder, folders.keys, folders.hourFolder(hourOf(pid)), ...made)
    }
    return { pid: winner, created: winner === pid }
  } catch (error) {
    // From its claim on others may have been given the process.
    if (!isClaimed) removeFile(files, file)
    throw error
  }
}

async function writeJournal(
  files: Files,
  durability: Durability,
  draft: string,
  file: string,
  { first, lines, last }: ImportedJournal,
): Promise<void> {
  removeFile(files, draft)
  const journal = new Journal<unknown>(draft, { files, expect: 'new' })
  try {
    for (const line of [toFirstLine(first), ...lines]) journal.append(line)
    await durability.line(journal)
  } finally {
    journal.close()
  }
  // `expire` takes it for the time of the end.
  files.utimesSync(draft, last.at / 1_000, last.at / 1_000)
  files.renameSync(draft, file)
}

function holderOf(files: Files, folders: Folders, pid: string): string | undefined {
  const journal = locate(files, folders, pid)
  if (journal === undefined) return undefined
  files.closeSync(journal.fd)
  return pid
}
