import { basename } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { StepwrightError } from '../../errors.ts'
import { ifThere, removeFile } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { writeFailed } from '../../journal/failures.ts'
import { notEnded, unknownProcess } from '../failures.ts'
import { hourOf, isPid } from '../../record/pid.ts'
import { isFinal } from '../../record/record.ts'
import type { FinalStatus } from '../../record/record.ts'
import type { Folders } from './folders.ts'
import type { Hosts } from './hosts.ts'
import { Keys } from './keys.ts'
import { locate } from './locate.ts'
import { EndedMoves } from './moves.ts'
import type { Reader } from './reader.ts'
import { removeEnded } from './remove.ts'

/** A host moves a journal right after its last line. Waits for that, in milliseconds. */
const MOVE_MS = [1, 2, 5, 10, 20, 50, 100] as const

/** See `Store.delete`. */
export async function deleteProcess(files: Files, folders: Folders, hosts: Hosts, reader: Reader, pid: string): Promise<void> {
  if (!isPid(pid)) throw unknownProcess(pid, folders.root)
  try {
    for (const pause of MOVE_MS) {
      if (tryDelete(files, folders, pid)) return
      const found = await reader.get(pid)
      if (found === undefined) continue
      const { status } = found.record
      if (!isFinal(status)) break
      await finishForTheDead(files, folders, hosts, pid, status)
      await delay(pause)
    }
  } catch (error) {
    throw error instanceof StepwrightError ? error : writeFailed(folders.root, error)
  }
  throw notEnded(pid)
}

/** @returns false if it is not where ended ones are */
function tryDelete(files: Files, folders: Folders, pid: string): boolean {
  const journal = locate(files, folders, pid)
  if (journal === undefined) throw unknownProcess(pid, folders.root)
  files.closeSync(journal.fd)
  if (journal.place.kind !== 'ended') return false
  if (removeEnded(files, new Keys(files, folders), folders.hourFolder(hourOf(pid)), basename(journal.file))) {
    removeFile(files, folders.logFile(pid))
    return true
  }
  throw unknownProcess(pid, folders.root)
}

/** A host that died between the last line and the move will not do it. */
async function finishForTheDead(files: Files, folders: Folders, hosts: Hosts, pid: string, status: FinalStatus): Promise<void> {
  const journal = locate(files, folders, pid)
  if (journal === undefined) return
  files.closeSync(journal.fd)
  const { place } = journal
  if (place.kind !== 'active' || (await hosts.stateOf(place.owner)) !== 'dead') return
  ifThere(() => new EndedMoves(files, folders).move(folders.activeFolder(place.owner), pid, status))
}
