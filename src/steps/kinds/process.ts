import { checkFunction, checkOptions } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import type { ProcessDefinition } from '../../record/definition.ts'
import { toMs } from '../../record/duration.ts'
import { checkWhen } from '../check-work.ts'
import type { UserFunction } from '../work.ts'
import type { Kind } from './kind.ts'
import { planUndo, type UndoStep } from './undo.ts'

/** Another definition, run as a process of its own. */
export interface ChildStep {
  readonly kind: 'process'
  readonly name: string
  /** The builder checks that it is one. */
  readonly child: ProcessDefinition
  /** Makes the child's input; without it that is the step's data. */
  readonly input?: UserFunction
  readonly when?: UserFunction
  /** From the step's beginning to its end, across restarts. */
  readonly timeoutMs?: number
  readonly undo?: UndoStep
}

export const processKind: Kind<ChildStep> = {
  plan(name, child, options = {}) {
    const what = `process step '${name}'`
    const checks = {
      input: checkFunction<UserFunction>,
      when: checkWhen,
      timeout: toMs,
      undo: (given: unknown) => planUndo(name, given, what),
    }
    const { timeout, ...checked } = checkOptions(options, what, checks)
    return { kind: 'process', name, child: child as ProcessDefinition, ...defined({ ...checked, timeoutMs: timeout }) }
  },
  begins: ({ input = context => context.data }) => input,
}
