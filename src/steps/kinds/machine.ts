import { checkFlag, checkFunction, checkOptions, mustBe } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { toMs } from '../../record/duration.ts'
import { checkWhen } from '../check-work.ts'
import type { WholeOptions } from '../step-options.ts'
import type { UserFunction } from '../work.ts'
import type { Kind } from './kind.ts'
import { planUndo, type UndoStep } from './undo.ts'
import { isMachine, whyNotRestorable, type MachineLike } from './machine-like.ts'

/** Options of a machine step. */
export interface MachineOptions<C, When extends boolean = boolean> extends WholeOptions<C, When> {
  /**
   * Whether `send` rejects events that no state of the machine knows (`ERR_UNKNOWN_EVENT`), or that
   * its present state has no transition for (`ERR_EVENT_REFUSED`). Default false: such events do
   * nothing.
   */
  strict?: boolean | undefined
}

/** An XState machine, run until it has its output. */
export interface MachineStep {
  readonly kind: 'machine'
  readonly name: string
  readonly machine: MachineLike
  /** Makes the machine's input; without it that is the step's data. */
  readonly input?: UserFunction
  readonly when?: UserFunction
  /** From the step's beginning to its end, across restarts. */
  readonly timeoutMs?: number
  /** Refuses events that no state of the machine knows, or not the present one. */
  readonly strict?: true
  readonly undo?: UndoStep
}

const checkStrict = (value: unknown, what: string): true | undefined => checkFlag(value, what) || undefined

export const machineKind: Kind<MachineStep> = {
  plan(name, machine, options = {}) {
    const what = `machine step '${name}'`
    if (!isMachine(machine)) throw mustBe(`machine of ${what}`, 'an XState machine', machine)
    const why = whyNotRestorable(machine)
    if (why !== undefined) throw new TypeError(`machine of ${what} could not be restored after a restart: ${why}`)
    const checks = {
      input: checkFunction<UserFunction>,
      when: checkWhen,
      timeout: toMs,
      strict: checkStrict,
      undo: (given: unknown) => planUndo(name, given, what),
    }
    const { timeout, ...checked } = checkOptions(options, what, checks)
    return { kind: 'machine', name, machine, ...defined({ ...checked, timeoutMs: timeout }) }
  },
  begins: ({ input = context => context.data }) => input,
  waitsFor: () => 'events',
}
