import type { StepKind } from '../../record/record.ts'
import type { UserFunction } from '../work.ts'
import { eachKind } from './each.ts'
import { functionKind } from './function.ts'
import { interruptKind } from './interrupt.ts'
import type { Kind } from './kind.ts'
import { machineKind } from './machine.ts'
import { parallelKind } from './parallel.ts'
import { processKind } from './process.ts'
import { sleepKind } from './sleep.ts'
import type { UndoStep } from './undo.ts'

/** Every kind of step, by the name of the builder's method that adds one. */
export const KINDS = {
  step: functionKind,
  interrupt: interruptKind,
  sleep: sleepKind,
  parallel: parallelKind,
  each: eachKind,
  process: processKind,
  machine: machineKind,
} satisfies { readonly [K in StepKind]: Kind<{ readonly kind: K }> }

/** A step as the machine and the host see it: options checked, durations in milliseconds. */
export type PlannedStep = ReturnType<(typeof KINDS)[StepKind]['plan']>

/** Whatever has attempts and a record. */
export type AttemptedStep = PlannedStep | UndoStep

const kindOf = ({ kind }: PlannedStep): Kind<PlannedStep> => KINDS[kind]

const nothing: UserFunction = () => null

/**
 * The user's function that an attempt at a step calls first: its work, or what makes the list of
 * items, the input of a child ...
 */
export const begins = (step: PlannedStep, services: object): UserFunction =>
  kindOf(step).begins?.(step, services) ?? nothing

/** What the step waits for from a client, if anything. */
export const waitsFor = (step: PlannedStep): ReturnType<NonNullable<Kind<PlannedStep>['waitsFor']>> =>
  kindOf(step).waitsFor?.(step)
