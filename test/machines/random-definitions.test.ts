import test from 'ava'
import * as fc from 'fast-check'
import { getNextSnapshot, initialTransition, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate'
import type { ProcessContext } from '../../src/machines/context.ts'
import { toTransition } from '../../src/machines/snapshot.ts'
import type { ProcessPlan } from '../../src/steps/plan.ts'
import { possibleEvents, recover, type MachineEvent } from './events.ts'
import { advance, newModel, type Model } from './model.ts'
import { definitions } from './random.ts'
import { essence, machineOf, recovered } from './restore.ts'

/** What the machine says, in the model's words. */
function told(snapshot: AnyMachineSnapshot, model: Model, plan: ProcessPlan): unknown {
  const { status, steps, error } = toTransition(snapshot, 'random', 1)
  const { data, deaths, recoveries, deadline, remainingMs } = snapshot.context as ProcessContext
  const left =
    plan.timeoutMs === undefined || snapshot.status !== 'active'
      ? undefined
      : deadline !== undefined
        ? { deadline }
        : { remainingMs }
  return {
    status,
    data,
    recoveries,
    deaths,
    code: model.code && error?.code,
    left,
    steps: Object.fromEntries(
      Object.entries(steps).map(([name, { status, attempt, failures = 0 }]) => [name, { status, attempt, failures }]),
    ),
  }
}

function expected(
  { status, data, recoveries, deaths, code, steps, spentMs, runningSince }: Model,
  snapshot: AnyMachineSnapshot,
  plan: ProcessPlan,
): unknown {
  const remaining = (plan.timeoutMs ?? 0) - spentMs
  const left =
    plan.timeoutMs === undefined || snapshot.status !== 'active'
      ? undefined
      : status === 'undoing'
        ? {}
        : runningSince !== undefined
          ? { deadline: runningSince + remaining }
          : { remainingMs: remaining }
  return { status, data, recoveries, deaths, code, left, steps }
}

interface Visit {
  readonly snapshot: AnyMachineSnapshot
  readonly model: Model
  readonly path: readonly MachineEvent[]
}

/** Of one definition: a few have a hundred thousand states. Those that are reached first. */
const MAX_STATES = 1_500

/** Visits every state that any sequence of events leads to, however the sequences get there. */
function walk(plan: ProcessPlan, machine: AnyStateMachine, visit: (visit: Visit) => void): number {
  const [first] = initialTransition(machine, { pid: 'p1', input: { n: 1 }, at: 1_000, timeoutMs: plan.timeoutMs })
  const queue: Visit[] = [{ snapshot: first as AnyMachineSnapshot, model: newModel({ n: 1 }), path: [] }]
  const seen = new Set<string>()
  for (const { snapshot, model, path } of queue) {
    visit({ snapshot, model, path })
    for (const event of possibleEvents(plan, snapshot)) {
      const next = {
        snapshot: getNextSnapshot(machine, snapshot, event as never) as AnyMachineSnapshot,
        model: advance(plan, model, event),
        path: [...path, event],
      }
      const { data: _, outputs: ____, spentMs: __, runningSince: ___, ...state } = next.model
      const key = JSON.stringify([next.snapshot.value, state])
      if (seen.has(key) || seen.size >= MAX_STATES) continue
      seen.add(key)
      queue.push(next)
    }
  }
  return seen.size
}

test('random definitions of all kinds do what the list of their steps says, on every path and after a restart at every point', t => {
  let states = 0
  fc.assert(
    fc.property(definitions, plan => {
      const machine = machineOf(plan)
      states += walk(plan, machine, ({ snapshot, model, path }) => {
        const where = path.map(({ type }) => type).join(' ')
        const actual = JSON.stringify(told(snapshot, model, plan)),
          wanted = JSON.stringify(expected(model, snapshot, plan))
        if (sorted(actual) !== sorted(wanted))
          throw new Error(`After ${where}:\n  the machine says ${actual}\n  the list says    ${wanted}`)
        if (snapshot.status !== 'active') return
        const event = recover(99_000)
        const after = JSON.stringify(essence(recovered(machine, snapshot, event)))
        const without = JSON.stringify(
          essence(getNextSnapshot(machine, snapshot, event as never) as AnyMachineSnapshot),
        )
        if (after !== without) throw new Error(`A restart after ${where} gives\n  ${after}\ninstead of\n  ${without}`)
      })
    }),
    { numRuns: 25, includeErrorInReport: true },
  )
  t.true(states > 1_000, `only ${states} states were visited`)
})

/** JSON with keys in order, so that objects compare as texts. */
const sorted = (json: string): string =>
  JSON.stringify(JSON.parse(json), (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
