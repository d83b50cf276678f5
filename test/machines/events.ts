import type { AnyMachineSnapshot } from 'xstate'
import type { AttemptFailure, AttemptResult, ProcessContext, ProcessEvent } from '../../src/machines/context.ts'
import { statusOf } from '../../src/machines/snapshot.ts'
import { everyStep, type ProcessPlan } from '../../src/steps/plan.ts'
import type { AttemptedStep } from '../../src/steps/kinds/kinds.ts'

/** An event as the machine receives it: from the host, or from an actor it invoked. */
export type MachineEvent =
  | ProcessEvent
  | { type: string; output?: AttemptResult | { at: number }; error?: AttemptFailure }

const done = (id: string, output: object): MachineEvent => ({
  type: `xstate.done.actor.${id}`,
  output: output as { at: number },
})
const failure = (id: string, at: number, retryable: boolean): MachineEvent => ({
  type: `xstate.error.actor.${id}`,
  error: { at, retryable, error: { name: 'Error', message: `${id} failed` } },
})

/** The work of steps that may wait within it. */
export const waitingWork = (): null => null

const NAMED = [{ type: 'PROCEED', data: 1, name: 'a' }, { type: 'RESUME' }] as const

/** How often a walk lets a host die during one step. */
const MAX_DEATHS = 2

/** Where deaths do not count, a walk would never end. */
const MAX_RECOVERIES = 4

/**
 * Everything that may happen next to a process in this state: answers of what is invoked, and every
 * word of a host.
 */
export function possibleEvents(plan: ProcessPlan, snapshot: AnyMachineSnapshot): MachineEvent[] {
  if (snapshot.status !== 'active')
    return [{ type: 'START', at: 1 }, { type: 'PROCEED', at: 1 }, { type: 'CANCEL', at: 1 }, recover(1)]
  const context = snapshot.context as ProcessContext
  const at = context.at + 1_000
  const answers = Object.keys(snapshot.children).flatMap(id => {
    const step = everyStep(plan).find(({ name }) => name === id)
    if (snapshot.children[id]?.src === 'machine') return machineAnswers(id, at)
    return step ? attemptAnswers(step, context, at, snapshot.children[id]?.src !== 'attempt') : [done(id, { at })]
  })
  const mayDie = context.deaths < MAX_DEATHS && context.recoveries < MAX_RECOVERIES
  // What is undoing does not end by a death.
  const isUndoing = statusOf(snapshot.value) === 'undoing'
  const deaths = isUndoing && context.recoveries > MAX_DEATHS ? [] : [mayDie ? recover(at) : recover(at, true)]
  return [
    ...answers,
    { type: 'START', at },
    { type: 'PROCEED', at, data: { proceeded: true } },
    ...(Object.values(context.steps).some(({ waits }) => waits) ? NAMED.map(event => ({ ...event, at })) : []),
    { type: 'CANCEL', at, reason: 'no longer wanted' },
    ...deaths,
  ]
}

export const recover = (at: number, fail = false): ProcessEvent => ({
  type: 'RECOVER',
  at,
  released: false,
  fail,
  maxRecoveries: MAX_DEATHS,
})

function attemptAnswers(step: AttemptedStep, { steps }: ProcessContext, at: number, inSecond: boolean): MachineEvent[] {
  if (step.kind === 'sleep') return [done(step.name, { at, until: at + 60_000 }), failure(step.name, at, false)]
  const skip = 'when' in step && !inSecond ? [done(step.name, { at, skipped: true })] : []
  const output = done(step.name, { at, output: { by: step.name, attempt: steps[step.name]?.attempt ?? 0 } })
  const waits = step.kind === 'step' && step.work === waitingWork ? waitAnswers(step.name, steps, at) : []
  return [output, ...skip, ...waits, failure(step.name, at, true), failure(step.name, at, false)]
}

/** An attempt that waits for answers or for times. Each one is a new attempt: a walk must end. */
function waitAnswers(step: string, steps: ProcessContext['steps'], at: number): MachineEvent[] {
  if ((steps[step]?.attempt ?? 0) > 1) return []
  const asked = { name: 'a', since: at, until: at + 500 }
  const sleep = { name: 'z', since: at, until: at + 1_000, isSleep: true as const }
  return [
    done(step, { at, waits: [asked, sleep] }),
    done(step, { at, waits: [{ name: 'b', since: at }] }),
    done(step, { at, waits: [sleep] }),
  ]
}

/** A machine tells that it waits, or that it has an actor at work, before it is done. */
const machineAnswers = (step: string, at: number): MachineEvent[] => [
  ...[{}, { load: null }].map(children => {
    const machine = { snapshot: { value: 'a', children }, timers: [] }
    return { type: 'CHANGE' as const, at, step, machine, state: 'a' }
  }),
  done(step, { at, output: { by: step }, state: 'b' }),
  failure(step, at, false),
]
