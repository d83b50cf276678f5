import { makeFolder, readText, writeAtomically } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import type { StoredSchedule } from '../store.ts'
import { namesIn } from './folders.ts'
import type { Folders } from './folders.ts'

const SCHEDULE = /^[a-z0-9][a-z0-9-]*\.json$/

export function writeSchedule(files: Files, folders: Folders, schedule: StoredSchedule): void {
  makeFolder(files, folders.schedules)
  writeAtomically(files, `${folders.schedules}/${schedule.name}.json`, `${JSON.stringify(schedule)}\n`)
}

/** A file that is no schedule is not ours, and left out. */
export function readSchedules(files: Files, folders: Folders): StoredSchedule[] {
  return namesIn(files, folders.schedules)
    .filter(name => SCHEDULE.test(name))
    .toSorted()
    .flatMap(name => {
      try {
        const schedule = JSON.parse(readText(files, `${folders.schedules}/${name}`)) as StoredSchedule
        return `${schedule?.name}.json` === name && Number.isFinite(schedule.settled) ? [schedule] : []
      } catch (error) {
        if (error instanceof SyntaxError) return []
        throw error
      }
    })
}
