import { basename } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { StepwrightError } from '../../errors.ts'
import { writeFailed } from '../../journal/failures.ts'
import { ifThere, removeFile } from '../../journal/files.ts'
import { hourOf, isPid } from '../../record/pid.ts'
import { isFinal } from '../../record/record.ts'
import type { FinalStatus } from '../../record/record.ts'
import { notEnded, unknownProcess } from '../failures.ts'
import type { Directory } from './directory.ts'
import { placeOf } from './locate.ts'
import { TRAILS } from './paths.ts'
import type { Reader } from './reader.ts'

/**
 * A host moves a journal right after its last line. Pauses between looks for that, in milliseconds.
 */
const MOVE_MS = [1, 2, 5, 10, 20, 50, 100] as const

/** See `Store.delete`. */
export async function deleteProcess(directory: Directory, reader: Reader, pid: string): Promise<void> {
  const { root } = directory.paths
  if (!isPid(pid)) throw unknownProcess(pid, root)
  try {
    for (const pause of MOVE_MS) {
      if (tryDelete(directory, pid)) return
      const found = await reader.get(pid)
      if (found === undefined) continue
      const { status } = found.record
      if (!isFinal(status)) break
      await finishForDeadHost(directory, pid, status)
      await delay(pause)
    }
  } catch (error) {
    throw error instanceof StepwrightError ? error : writeFailed(root, error)
  }
  throw notEnded(pid)
}

/** @returns false if the journal is not where ended ones are */
function tryDelete(directory: Directory, pid: string): boolean {
  const { files, paths, ended } = directory
  const journal = placeOf(directory, pid)
  if (journal === undefined) throw unknownProcess(pid, paths.root)
  if (journal.place.kind !== 'ended') return false
  if (!ended.delete(paths.hourFolder(hourOf(pid)), basename(journal.file))) throw unknownProcess(pid, paths.root)
  for (const trail of TRAILS) removeFile(files, paths.trail(trail, pid))
  return true
}

/** Moves a journal whose host died between writing its last line and moving it. */
async function finishForDeadHost(directory: Directory, pid: string, status: FinalStatus): Promise<void> {
  const { paths, hosts, ended } = directory
  const place = placeOf(directory, pid)?.place
  if (place?.kind !== 'active' || (await hosts.stateOf(place.owner)) !== 'dead') return
  ifThere(() => ended.add(paths.activeFolder(place.owner), pid, status))
}
