import { checkFlag, checkFunction, checkOptions, mustBe } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { toMs } from '../../record/duration.ts'
import { checkWhen } from '../check-work.ts'
import { isMachine, whyNotRestorable } from './machine-like.ts'
import type { MachineStep } from '../plan.ts'

/** @throws TypeError */
export function planMachine(name: string, machine: unknown, options: unknown = {}): MachineStep {
  const what = `machine step '${name}'`
  if (!isMachine(machine)) throw mustBe(`machine of ${what}`, 'an XState machine', machine)
  const why = whyNotRestorable(machine)
  if (why !== undefined) throw new TypeError(`machine of ${what} could not be restored after a restart: ${why}`)
  const checks = { input: checkFunction<NonNullable<MachineStep['input']>>, when: checkWhen, timeout: toMs, strict: checkFlag }
  const { timeout, strict, ...checked } = checkOptions(options, what, checks)
  return { kind: 'machine', name, machine, ...defined({ ...checked, timeoutMs: timeout, strict: strict || undefined }) }
}
