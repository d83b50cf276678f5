import { checkOptions, checkSchema } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { toMs } from '../../record/duration.ts'
import type { InterruptStep } from '../plan.ts'

/** @throws TypeError */
export function planInterrupt(name: string, options: unknown = {}): InterruptStep {
  const { timeout, schema } = checkOptions(options, `interrupt '${name}'`, { timeout: toMs, schema: checkSchema })
  return { kind: 'interrupt', name, ...defined({ timeoutMs: timeout, schema }) }
}
