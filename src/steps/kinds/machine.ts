import { checkFunction, checkOptions } from '../../record/check.ts'
import { isMachine, whyNotRestorable } from './machine-like.ts'
import { timeoutOf, whenOf } from './function.ts'
import type { MachineStep } from '../plan.ts'
import { show } from '../../record/show.ts'

function strictOf(value: unknown, what: string): Pick<MachineStep, 'strict'> {
  if (value === undefined || value === false) return {}
  if (value === true) return { strict: true }
  throw new TypeError(`strict of ${what} must be true or false; received ${show(value)}`)
}

/** @throws TypeError */
export function planMachine(name: string, machine: unknown, options: unknown = {}): MachineStep {
  const what = `machine step '${name}'`
  if (!isMachine(machine)) throw new TypeError(`machine of ${what} must be an XState machine; received ${show(machine)}`)
  const why = whyNotRestorable(machine)
  if (why !== undefined) throw new TypeError(`machine of ${what} could not be restored after a restart: ${why}`)
  const { input, when, timeout, strict } = checkOptions(options, `options of ${what}`, ['input', 'when', 'timeout', 'strict'])
  return {
    kind: 'machine',
    name,
    machine,
    ...(input !== undefined && { input: checkFunction<NonNullable<MachineStep['input']>>(input, `input of ${what}`) }),
    ...whenOf(when, what),
    ...timeoutOf(timeout, what),
    ...strictOf(strict, what),
  }
}
