import { checkFunction, checkOptions } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import type { ProcessDefinition } from '../../record/definition.ts'
import { toMs } from '../../record/duration.ts'
import { checkWhen } from '../check-work.ts'
import type { UserFunction } from '../work.ts'
import type { Kind } from './kind.ts'

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
}

export const processKind: Kind<ChildStep> = {
  plan(name, child, options = {}) {
    const checks = { input: checkFunction<UserFunction>, when: checkWhen, timeout: toMs }
    const { timeout, ...checked } = checkOptions(options, `process step '${name}'`, checks)
    return { kind: 'process', name, child: child as ProcessDefinition, ...defined({ ...checked, timeoutMs: timeout }) }
  },
  begins: ({ input = context => context.data }) => input,
}
