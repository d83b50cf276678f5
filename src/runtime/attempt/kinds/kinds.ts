import type { AttemptPart } from '../../../machines/context.ts'
import type { StepKind } from '../../../record/record.ts'
import type { AttemptedStep } from '../../../steps/kinds/kinds.ts'
import { childrenAttempt } from './children.ts'
import { functionAttempt } from './function.ts'
import { itemsAttempt } from './items.ts'
import type { AttemptKind } from './kind.ts'
import { preparationAttempt } from './preparation.ts'
import { processAttempt } from './process.ts'
import { sleepAttempt } from './sleep.ts'
import { undoAttempt } from './undo.ts'

/** What an attempt at a step is, by the kind of the step. An interrupt has none. */
const ATTEMPTS: { readonly [K in StepKind | 'undo']?: AttemptKind<Extract<AttemptedStep, { kind: K }>> } = {
  step: functionAttempt,
  sleep: sleepAttempt,
  parallel: preparationAttempt,
  each: preparationAttempt,
  process: processAttempt,
  machine: preparationAttempt,
  undo: undoAttempt,
}

const PARTS = { items: itemsAttempt, children: childrenAttempt } as const

export const attemptKind = ({ kind }: AttemptedStep, part: AttemptPart): AttemptKind<AttemptedStep> =>
  (part === 'attempt' ? ATTEMPTS[kind] : PARTS[part]) as AttemptKind<AttemptedStep>
