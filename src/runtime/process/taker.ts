import { stepAt } from '../../record/record.ts'
import { waitsFor, type PlannedStep } from '../../steps/kinds/kinds.ts'
import { knowsEvent } from '../../steps/kinds/machine-like.ts'
import type { LiveProcess } from './live-process.ts'

/** An event for a machine, or an answer to a pause. */
export type Message =
  | { readonly type: 'send'; readonly event: { readonly type: string } }
  | { readonly type: 'proceed'; readonly step?: string }

/** The step that takes a message. */
export interface Taker {
  readonly step: string
  /** Whether it does now. Otherwise it has not begun, or is not as far. */
  readonly isReady: boolean
}

/** The first step, from the one under way on, that takes a message; `undefined` if none does. */
export function takerOf(live: LiveProcess, message: Message): Taker | undefined {
  const { steps, status } = live
  if (message.type === 'proceed' && status === 'interrupted') {
    const paused = Object.keys(steps).find(name => steps[name]?.status === 'interrupted')
    if (paused !== undefined && (message.step ?? paused) === paused) return { step: paused, isReady: true }
  }
  const taker = stepsLeft(live).find(step => takes(step, message))
  return taker && { step: taker.name, isReady: message.type === 'send' && live.machineStep === taker.name }
}

/** The steps that have not ended, those of a pause that has its answer left out. */
export function stepsLeft({ plan, steps, status, machineStep }: LiveProcess): readonly PlannedStep[] {
  // No step begins any more.
  if (status === 'undoing') return []
  const open = stepAt(steps)
  if (open === undefined) return status === 'pending' ? plan.steps : []
  const from = plan.steps.findIndex(({ name }) => name === open)
  const isOver = status === 'interrupted' || (steps[open]?.state !== undefined && machineStep === undefined)
  return plan.steps.slice(from + (isOver ? 1 : 0))
}

function takes(step: PlannedStep, message: Message): boolean {
  if (message.type === 'proceed') return waitsFor(step) === 'proceed()' && (message.step ?? step.name) === step.name
  return step.kind === 'machine' && !(step.strict && !knowsEvent(step.machine, message.event.type))
}
