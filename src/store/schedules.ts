import { object, oneOf, optional, text, time } from '../record/schema.ts'
import type { Schema } from '../record/schema.ts'
import { readDocuments } from './documents.ts'
import type { CorruptDocument, Documents } from './documents.ts'

/**
 * When processes of a definition are started without a caller, as its hosts keep it. Times are
 * epoch milliseconds.
 */
export interface StoredSchedule {
  readonly name: string
  /** For people: a cron pattern, or `every 60s`. */
  readonly schedule: string
  readonly timeZone?: string
  readonly missed: 'skip' | 'once'
  /** Ticks up to here have had their process, or will have none. */
  readonly settled: number
  /** The next tick; absent if there is none any more. */
  readonly next?: number
}

/** Keeps how far a schedule is settled. There is one document per name. */
export const putSchedule = (documents: Documents, schedule: StoredSchedule): Promise<void> =>
  documents.put('schedules', schedule.name, JSON.stringify(schedule))

/** The schedules of definitions that hosts of this store know or knew. */
export const readSchedules = (
  documents: Documents,
  onCorrupt?: (document: CorruptDocument) => void,
): Promise<StoredSchedule[]> => readDocuments(documents, 'schedules', schemaOf, onCorrupt)

const schemaOf = (document: string): Schema =>
  object<StoredSchedule>({
    name: oneOf(document),
    schedule: text,
    timeZone: optional(text),
    missed: oneOf('skip', 'once'),
    settled: time,
    next: optional(time),
  })
