import { stepAt, type Wait } from '../../record/record.ts'
import { asked, pausedStep } from '../../record/wait.ts'
import { waitsFor, type PlannedStep } from '../../steps/kinds/kinds.ts'
import { knowsEvent } from '../../steps/kinds/machine-like.ts'
import type { LiveProcess } from './live-process.ts'

/** An event for a machine, or an answer to a pause. */
export type Message =
  | { readonly type: 'send'; readonly event: { readonly type: string } }
  | { readonly type: 'proceed'; readonly step?: string; readonly name?: string; readonly since?: number }

/** The step that takes a message. */
export interface Taker {
  readonly step: string
  /** Whether it does now. Otherwise it has not begun, or is not as far. */
  readonly isReady: boolean
  /** It waits for this, but its schema is not known on this host. */
  readonly unchecked?: Pick<Wait, 'name' | 'since'>
}

/** The first step, from the one under way on, that takes a message; `undefined` if none does. */
export function takerOf(live: LiveProcess, message: Message): Taker | undefined {
  if (message.type === 'proceed') {
    const step = pausedBy(live, message)
    if (step !== undefined) return step
    // It is for what its client has seen, and nothing else.
    if (message.since !== undefined) return isOpen(live, message) ? { step: message.step!, isReady: false } : undefined
  }
  const taker = stepsLeft(live).find(step => takes(step, message))
  return taker && { step: taker.name, isReady: message.type === 'send' && live.machineStep === taker.name }
}

type Answer = Extract<Message, { type: 'proceed' }>

/** The pause that an answer ends now. */
function pausedBy(live: LiveProcess, { step, name, since }: Answer): Taker | undefined {
  const paused = pausedStep(live)
  if (paused === undefined || (step ?? paused.step) !== paused.step) return undefined
  if (paused.record.waits === undefined)
    return name === undefined || name === paused.step ? { step: paused.step, isReady: true } : undefined
  const waits = asked(paused.record)
  if (name === undefined && waits.length > 1) return { step: paused.step, isReady: true }
  const wait = waits.find(one => one.name === (name ?? one.name) && one.since === (since ?? one.since))
  if (wait === undefined) return undefined
  // The host that has run the step knows the schema.
  const isReady = !wait.isChecked || live.schemaOf(paused.step, wait.name) !== undefined
  return { step: paused.step, isReady, ...(!isReady && { unchecked: { name: wait.name, since: wait.since } }) }
}

/** Whether the step still waits for it, though it runs now. */
const isOpen = ({ steps }: LiveProcess, { step = '', name, since }: Answer): boolean =>
  steps[step]?.waits?.some(wait => wait.name === name && wait.since === since) ?? false

/** The steps that have not ended, those of a pause that has its answer left out. */
export function stepsLeft({ plan, steps, status, machineStep }: LiveProcess): readonly PlannedStep[] {
  // No step begins any more.
  if (status === 'undoing') return []
  const open = stepAt(steps)
  if (open === undefined) return status === 'pending' ? plan.steps : []
  const from = plan.steps.findIndex(({ name }) => name === open)
  const isOver =
    (status === 'interrupted' && steps[open]?.waits === undefined) ||
    (steps[open]?.state !== undefined && machineStep === undefined)
  return plan.steps.slice(from + (isOver ? 1 : 0))
}

function takes(step: PlannedStep, message: Message): boolean {
  if (message.type === 'proceed') {
    const { name } = message
    // Any work may wait: only running it says for what.
    if (name !== undefined && step.kind === 'step') return true
    return waitsFor(step) === 'proceed()' && (message.step ?? name ?? step.name) === step.name
  }
  return step.kind === 'machine' && !(step.strict && !knowsEvent(step.machine, message.event.type))
}
