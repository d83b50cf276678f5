import { checkFlag, checkOptions, isObject } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { checkWork, WORK_CHECKS } from '../check-work.ts'
import type { PlannedRetry } from '../retry.ts'
import type { UndoContext } from '../undo-options.ts'
import type { IsolateMode } from '../work-options.ts'
import type { Work } from '../work.ts'

/** Longer than a call should take, and an end for one that hangs: nobody can cancel an undo. */
const DEFAULT_TIMEOUT_MS = 10 * 60_000

interface AnyUndo {
  readonly kind: 'undo'
  /** `charge.undo` */
  readonly name: string
  /** The step it belongs to, or the path of a branch. */
  readonly of: string
  /** It runs also if its step has begun and not finished. */
  readonly whenBegun?: true
}

interface UndoWork {
  readonly work: Work<UndoContext>
  /** The work is a module then. */
  readonly isolate?: IsolateMode
  /** Outputs of what it undoes are told apart from failures: see `Settled`. */
  readonly settled?: true
}

/** Of a step as a whole, or of a branch. */
export interface WorkUndo extends AnyUndo, UndoWork {
  readonly way: 'work'
  /** Of one attempt. */
  readonly timeoutMs: number
  readonly retry?: PlannedRetry
}

/** Of the items of an each step that have finished, whether the step has or not. */
export interface ItemsUndo extends AnyUndo, UndoWork {
  readonly way: 'items'
  readonly item: { readonly concurrency: number; readonly timeoutMs: number; readonly retry?: PlannedRetry }
}

/** The compensation of a step. It is no step of a definition, but has a record like one. */
export type UndoStep = WorkUndo | ItemsUndo

const ITEM_CHECKS = { run: (work: unknown) => work, ...WORK_CHECKS }
const CHECKS = {
  ...ITEM_CHECKS,
  onFailure: (value: unknown, what: string): true | undefined => checkFlag(value, what) || undefined,
}

type Common = Omit<WorkUndo, 'way'> & { readonly whenBegun?: true }

function plan(of: string, given: unknown, what: string, checks: typeof ITEM_CHECKS | typeof CHECKS): Common {
  const title = `undo of ${what}`
  const spec = isObject(given) && 'run' in given ? given : { run: given }
  const {
    run,
    timeout = DEFAULT_TIMEOUT_MS,
    onFailure,
    ...checked
  } = checkOptions(spec, title, checks as typeof CHECKS, title)
  const work = checkWork(run, title, checked.isolate) as Work<UndoContext>
  return {
    kind: 'undo',
    name: `${of}.undo`,
    of,
    work,
    timeoutMs: timeout,
    ...defined({ ...checked, whenBegun: onFailure }),
  }
}

/**
 * The plan of the undo of a step, or of a branch.
 * @param what names the step in messages
 * @throws TypeError
 */
export const planUndo = (of: string, given: unknown, what: string): UndoStep =>
  Object.freeze<WorkUndo>({ way: 'work', ...plan(of, given, what, CHECKS) })

/** The plan of the undo of the items of an each step. @throws TypeError */
export function planItemsUndo(of: string, given: unknown, what: string, concurrency: number): UndoStep {
  const { timeoutMs, retry, whenBegun: _, ...undo } = plan(of, given, what, ITEM_CHECKS)
  const item = { concurrency, timeoutMs, ...(retry && { retry }) }
  // The step may have failed, and items finished.
  return Object.freeze<ItemsUndo>({ way: 'items', ...undo, item, whenBegun: true })
}

/** An undo of something whose failures are kept: its output says so. */
export const ofSettled = (undo: UndoStep | undefined): UndoStep | undefined => undo && { ...undo, settled: true }
