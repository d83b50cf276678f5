import { checkFlag, checkOptions, isObject } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { checkWork, WORK_CHECKS } from '../check-work.ts'
import type { PlannedRetry } from '../retry.ts'
import type { UndoContext } from '../undo-options.ts'
import type { IsolateMode } from '../work-options.ts'
import type { Work } from '../work.ts'

/** Longer than a call should take, and an end for one that hangs: nobody can cancel an undo. */
const DEFAULT_TIMEOUT_MS = 10 * 60_000

/** The compensation of a step. It is no step of a definition, but has a record like one. */
export interface UndoStep {
  readonly kind: 'undo'
  /** `charge.undo` */
  readonly name: string
  /** The step it belongs to, or the path of a branch. */
  readonly of: string
  readonly work: Work<UndoContext>
  /** Of one attempt. */
  readonly timeoutMs: number
  readonly retry?: PlannedRetry
  /** The work is a module then. */
  readonly isolate?: IsolateMode
  /** It runs also if its step has begun and not finished. */
  readonly onFailure?: true
}

const CHECKS = {
  run: (work: unknown) => work,
  ...WORK_CHECKS,
  onFailure: (value: unknown, what: string): true | undefined => checkFlag(value, what) || undefined,
}

/**
 * The plan of the undo of a step.
 * @param what names the step in messages
 * @throws TypeError
 */
export function planUndo(of: string, given: unknown, what: string): UndoStep {
  const title = `undo of ${what}`
  const spec = isObject(given) && 'run' in given ? given : { run: given }
  const { run, timeout = DEFAULT_TIMEOUT_MS, ...checked } = checkOptions(spec, title, CHECKS, title)
  const work = checkWork(run, title, checked.isolate) as Work<UndoContext>
  return Object.freeze<UndoStep>({
    kind: 'undo',
    name: `${of}.undo`,
    of,
    work,
    timeoutMs: timeout,
    ...defined(checked),
  })
}
