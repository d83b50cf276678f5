import { stepAt } from '../record/record.ts'
import type { ProcessDefinition } from '../record/definition.ts'
import { LIVE_STATUSES, type ProcessStatus } from '../record/record.ts'
import type { Store } from '../store/store.ts'
import { definitionsOf, Programs } from './host/programs.ts'

/** A stored process that the definitions cannot continue, so hosts would leave it as it is. */
export interface StoredMisfit {
  readonly pid: string
  /** `undefined` if its journal cannot be read, as are `version` and `status`. */
  readonly name?: string
  readonly version?: string
  readonly status?: ProcessStatus
  /** The step it is at; `undefined` if it has not begun. */
  readonly step?: string
  readonly reason:
    | 'unknown-definition'
    | 'unknown-version'
    | 'missing-step'
    | 'missing-state'
    | 'failed-migration'
    | 'unreadable'
  readonly message: string
}

/** What `checkStored` found. */
export interface StoredCheck {
  /** How many live processes the store has. */
  readonly checked: number
  /** How many of them continue where `migrate` says. */
  readonly migrated: number
  /** Newest first. */
  readonly misfits: readonly StoredMisfit[]
}

/**
 * Finds the live processes of a store that hosts with only these definitions could not continue, by
 * the rules of hosts. Use it before a deployment. It writes nothing, and of user code it calls
 * `migrate` only.
 *
 * @throws TypeError if a definition is given twice or is not one; ERR_STORE_MISSING, ERR_STORE_READ
 * @example
 * const { misfits } = await checkStored([importDump], lowdbStore('/var/lib/app/stepwright'))
 */
export async function checkStored(processes: readonly ProcessDefinition[], store: Store): Promise<StoredCheck> {
  const programs = new Programs(definitionsOf(processes))
  const misfits: StoredMisfit[] = []
  let checked = 0
  let migrated = 0
  const onCorrupt = ({ pid, error }: { pid: string; error: Error }): void => {
    checked += 1
    misfits.push({ pid, reason: 'unreadable', message: error.message })
  }
  for await (const { record } of store.list({ status: LIVE_STATUSES }, onCorrupt)) {
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
