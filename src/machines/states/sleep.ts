import type { SleepStep } from '../../steps/kinds/sleep.ts'
import { startClock, stopClock, type ProcessContext } from '../context.ts'
import { attempting } from './attempting.ts'
import { beginAttempt, finishStep, leave, withStep, toError } from './transitions.ts'
import {
  timer,
  update,
  type DoneEvent,
  type Entry,
  type TimerEvent,
  type KindNodes,
  type Place,
  type StepNodes,
} from './nodes.ts'

function sleepStep({ name, until }: SleepStep, place: Place, next: Entry): StepNodes {
  const { id } = place
  const asleep = (wake: (at: number) => number): Entry => ({
    target: `#${id}.sleeping.${name}`,
    begin: (context, at) => {
      const before = Object.hasOwn(context.steps, name) ? context.steps[name] : undefined
      return {
        ...stopClock(context, at),
        steps: withStep(context, name, {
          ...(before ?? { attempt: 1, startedAt: at }),
          status: 'sleeping',
          until: wake(at),
        }),
      }
    },
  })
  const woken = {
    target: next.target,
    actions: update<TimerEvent>((context, { output: { at } = context }) =>
      leave(
        next,
        context,
        at,
        { type: 'WAKE', step: name },
        { steps: withStep(context, name, finishStep(context.steps[name], at)) },
      ),
    ),
  }
  // A computed time may be either: it follows the clock on the wall, as a date does.
  const sleeping = { invoke: timer(`${name}:wake`, name, woken, !('ms' in until)) }
  if ('ms' in until) return { entry: asleep(at => at + until.ms), states: { sleeping } }
  if ('at' in until) return { entry: asleep(() => until.at), states: { sleeping } }
  // A computed time is user code: it runs in an attempt, which resolves with the time to wake.
  const computed = {
    target: `#${id}.sleeping.${name}`,
    actions: update<DoneEvent<{ at: number; until: number }>>((context, { output }) => ({
      ...asleep(() => output.until).begin(context, output.at),
      at: output.at,
      event: { type: 'DONE', step: name },
      deaths: 0,
    })),
  }
  const self = `#${id}.running.${name}`
  const begin = (context: ProcessContext, at: number) => ({
    ...startClock(context, at),
    steps: withStep(context, name, beginAttempt(context, name, at)),
  })
  return {
    entry: { target: self, begin },
    states: { running: attempting(name, place, self, [computed], [toError(name, place)]), sleeping },
  }
}

export const sleepNodes: KindNodes<SleepStep> = { nodes: sleepStep }
