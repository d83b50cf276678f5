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
import type { UndoStep } from '../../../steps/kinds/undo.ts'
import { undoAttempt } from './undo.ts'
import { undoItemsAttempt } from './undo-items.ts'

/** What an attempt at a step is, by the kind of the step. An interrupt has none. */
const ATTEMPTS: { readonly [K in StepKind]?: AttemptKind<Extract<AttemptedStep, { kind: K }>> } = {
  step: functionAttempt,
  sleep: sleepAttempt,
  parallel: preparationAttempt,
  each: preparationAttempt,
  process: processAttempt,
  machine: preparationAttempt,
}

/** What an attempt at an undo is. */
const UNDOS: { readonly [W in UndoStep['way']]: AttemptKind<Extract<UndoStep, { way: W }>> } = {
  work: undoAttempt,
  items: undoItemsAttempt,
}

const PARTS = { items: itemsAttempt, children: childrenAttempt } as const

export function attemptKind(step: AttemptedStep, part: AttemptPart): AttemptKind<AttemptedStep> {
  const ofStep = step.kind === 'undo' ? UNDOS[step.way] : ATTEMPTS[step.kind]
  return (part === 'attempt' ? ofStep : PARTS[part]) as AttemptKind<AttemptedStep>
}
