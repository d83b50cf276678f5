import { opendir, readdir } from 'node:fs/promises'
import { isMissing } from '../../errors.ts'
import type { Files } from '../../journal/files.ts'
import { readFailed } from '../../journal/failures.ts'
import { hourOf, pidAtHead } from '../../record/pid.ts'
import { hoursIn, ownersIn, parseEndedName, pidOfJournal } from './paths.ts'
import type { Paths, Place } from './paths.ts'

/** A process, as known from the name of its journal. */
export interface NamedJournal {
  readonly pid: string
  readonly place: Place
}

const descending = (a: string, b: string): number => (a < b ? 1 : a > b ? -1 : 0)

/**
 * Every process whose pid begins with `prefix`, newest first, each once. Names of live ones are
 * collected first, and hours are read as they are reached, so a journal that moves on meanwhile is
 * met where it was or where it went. `ended: false` leaves out the hours.
 */
export async function* journalsIn(
  files: Files,
  paths: Paths,
  { prefix = '', ended = true }: { prefix?: string; ended?: boolean } = {},
): AsyncGenerator<NamedJournal> {
  const live = await liveJournals(files, paths, prefix)
  const waiting = [...live.values()].toSorted((a, b) => descending(a.pid, b.pid))
  const hours = ended
    ? hoursIn(files, paths)
        .filter(hour => hour.startsWith(prefix.slice(0, 4)))
        .toSorted(descending)
    : []
  let next = 0
  for (const hour of hours) {
    for (; next < waiting.length && hourOf(waiting[next]!.pid) > hour; next++) yield waiting[next]!
    for (const journal of await endedJournals(paths.hourFolder(hour), prefix)) {
      for (; next < waiting.length && waiting[next]!.pid > journal.pid; next++) yield waiting[next]!
      if (!live.has(journal.pid)) yield journal
    }
  }
  yield* waiting.slice(next)
}

/**
 * The journals of processes that have not ended, by pid, each with the place where it was met. The
 * folders are read twice: a journal that moves from a folder not yet read to one that was is met
 * the second time.
 */
export async function liveJournals(files: Files, paths: Paths, prefix = ''): Promise<Map<string, NamedJournal>> {
  const found = new Map<string, NamedJournal>()
  const collect = async (folder: string, place: Place): Promise<void> => {
    for (const name of await namesInPieces(folder)) {
      if (!name.startsWith(prefix) || found.has(pidAtHead(name))) continue
      const pid = pidOfJournal(name)
      if (pid !== undefined) found.set(pid, { pid, place })
    }
  }
  for (let look = 0; look < 2; look++) {
    await collect(paths.pending, { kind: 'pending' })
    for (const owner of ownersIn(files, paths)) await collect(paths.activeFolder(owner), { kind: 'active', owner })
  }
  return found
}

/** Names read at once. */
const PIECE = 512

/**
 * The names in a folder, none if it is not there: of a hundred thousand, without holding up the
 * event loop.
 */
export async function namesInPieces(folder: string): Promise<string[]> {
  const names: string[] = []
  try {
    for await (const { name } of await opendir(folder, { bufferSize: PIECE })) names.push(name)
  } catch (error) {
    if (!isMissing(error)) throw readFailed(folder, error)
  }
  return names
}

/** The names in the folder of an hour; none if it is not there. */
export async function endedNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw readFailed(folder, error)
  }
}

async function endedJournals(folder: string, prefix: string): Promise<NamedJournal[]> {
  const names = await endedNames(folder)
  return names
    .filter(name => name.startsWith(prefix))
    .toSorted(descending)
    .flatMap(name => {
      const { pid, status } = parseEndedName(name) ?? {}
      return pid === undefined || status === undefined ? [] : { pid, place: { kind: 'ended', status } }
    })
}
