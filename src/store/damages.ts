import { StepwrightError } from '../errors.ts'
import { isOfOneJournal } from '../journal/failures.ts'
import { readCharts } from './charts.ts'
import { readCommands } from './commands.ts'
import type { Collection, CorruptDocument } from './documents.ts'
import { readCards } from './hosts/card.ts'
import { readMisfits } from './misfits.ts'
import { readPauses } from './pauses.ts'
import { readSchedules } from './schedules.ts'
import type { CorruptJournal, Damage, Store } from './store.ts'

/**
 * How a store moves a journal or a document out of the way. Returns where it is now; `undefined` if
 * it has to stay, because the host that owns it may be alive.
 */
export interface Movers {
  journal(pid: string): Promise<string | undefined>
  document(collection: Collection, name: string): Promise<string | undefined>
}

/** Reads every journal and document of a store to the end. */
export async function* findDamages(store: Store, movers: Movers): AsyncGenerator<Damage> {
  const corrupt: CorruptJournal[] = []
  const note = (pid: string, error: unknown): void => {
    if (!isOfOneJournal(error)) throw error
    corrupt.push({ pid, error })
  }
  const tell = function* (): Generator<Damage> {
    for (const { pid, error } of corrupt.splice(0)) yield damageOf(error, () => movers.journal(pid))
  }
  for await (const { record } of store.list({}, journal => corrupt.push(journal))) {
    // A list reads the first line and the newest ones.
    await store.history(record.pid).catch((error: unknown) => note(record.pid, error))
    yield* tell()
  }
  yield* tell()
  const documents: CorruptDocument[] = []
  const onCorrupt = (document: CorruptDocument): void => void documents.push(document)
  for (const read of [readCharts, readSchedules, readCommands, readCards, readMisfits, readPauses])
    await read(store.documents, onCorrupt)
  for (const { collection, name, error } of documents) yield damageOf(error, () => movers.document(collection, name))
}

const damageOf = (error: Error, setAside: () => Promise<string | undefined>): Damage =>
  error instanceof StepwrightError && error.code === 'ERR_STORE_CORRUPT' ? { error, setAside } : { error }
