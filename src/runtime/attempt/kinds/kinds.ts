import type { StepKind } from '../../../record/record.ts'
import type { PlannedStep } from '../../../steps/kinds/kinds.ts'
import { functionAttempt } from './function.ts'
import { itemsAttempt } from './items.ts'
import type { AttemptKind } from './kind.ts'
import { preparationAttempt } from './preparation.ts'
import { processAttempt } from './process.ts'
import { sleepAttempt } from './sleep.ts'

/** What an attempt at a step is, by the kind of the step. An interrupt has none. */
const ATTEMPTS: { readonly [K in StepKind]?: AttemptKind<Extract<PlannedStep, { kind: K }>> } = {
  step: functionAttempt,
  sleep: sleepAttempt,
  parallel: preparationAttempt,
  each: preparationAttempt,
  process: processAttempt,
  machine: preparationAttempt,
}

/** @param part an each step has two: its list is made, then its items are worked through */
export const attemptKind = ({ kind }: PlannedStep, part: 'attempt' | 'items'): AttemptKind<PlannedStep> =>
  (part === 'items' ? itemsAttempt : ATTEMPTS[kind]) as AttemptKind<PlannedStep>
