import { stepAt } from '../record/record.ts'
import type { ProcessDefinition } from '../record/definition.ts'
import { isFinal, PROCESS_STATUSES, type ProcessStatus } from '../record/record.ts'
import type { Store } from '../store/store.ts'
import { definitionsOf, Programs } from './host/programs.ts'

/** A stored process that hosts with the new definitions would leave as it is. */
export interface StoredMisfit {
  readonly pid: string
  /** Absent, as what follows, if its journal cannot be read. */
  readonly name?: string
  readonly version?: string
  readonly status?: ProcessStatus
  /** The step it is at; absent if it has not begun. */
  readonly step?: string
  readonly reason: 'unknown-definition' | 'unknown-version' | 'missing-step' | 'missing-state' | 'failed-migration' | 'unreadable'
  readonly message: string
}

export interface StoredCheck {
  /** How many processes live in the store. */
  readonly checked: number
  /** How many of them go on where `migrate` says. */
  readonly migrated: number
  /** Newest first. */
  readonly misfits: readonly StoredMisfit[]
}

/**
 * Which live processes of a store hosts with these definitions could not go on with, by the rules that hosts use: for before a deployment.
 * Writes nothing; of user code it calls `migrate` only.
 *
 * @throws TypeError if a definition is given twice or is none; ERR_STORE_MISSING, ERR_STORE_READ
 * @example
 * const { misfits } = await checkStored([importDump], lowdbStore('/var/lib/app/stepwright'))
 */
export async function checkStored(processes: readonly ProcessDefinition[], store: Store): Promise<StoredCheck> {
  const programs = new Programs(definitionsOf(processes))
  const misfits: StoredMisfit[] = []
  let checked = 0
  let migrated = 0
  const live = PROCESS_STATUSES.filter(status => !isFinal(status))
  const onCorrupt = ({ pid, error }: { pid: string; error: Error }): void => {
    checked += 1
    misfits.push({ pid, reason: 'unreadable', message: error.message })
  }
  for await (const { record } of store.list({ status: live }, onCorrupt)) {
    checked += 1
    const found = programs.examine(record)
    if ('program' in found) migrated += Number(found.isMigrated)
    else {
      const { pid, name, version, status, steps } = record
      const step = stepAt(steps)
      misfits.push({ pid, name, version, status, ...(step !== undefined && { step }), ...found })
    }
  }
  return { checked, migrated, misfits }
}
