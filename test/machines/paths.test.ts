import test from 'ava'
import { getNextSnapshot, type AnyMachineSnapshot } from 'xstate'
import { getSimplePaths } from 'xstate/graph'
import type { ProcessContext } from '../../src/machines/context.ts'
import { toTransition } from '../../src/machines/snapshot.ts'
import type { ProcessPlan } from '../../src/steps/plan.ts'
import type { UndoStep } from '../../src/steps/kinds/undo.ts'
import { isFinal, type ProcessStatus } from '../../src/record/record.ts'
import { possibleEvents, recover, waitingWork } from './events.ts'
import { essence, machineOf, recovered } from './restore.ts'

const work = () => null
const plans: Record<string, ProcessPlan> = {
  'one step': { name: 'one', version: '1', steps: [{ kind: 'step', name: 'read', work }] },
  'three steps, one of them optional, with a timeout': {
    name: 'three',
    version: '1',
    timeoutMs: 60_000,
    steps: [
      { kind: 'step', name: 'read', work },
      { kind: 'step', name: 'thin', work, when: () => true },
      { kind: 'step', name: 'write', work },
    ],
  },
  'a retry': {
    name: 'retry',
    version: '1',
    steps: [
      {
        kind: 'step',
        name: 'flaky',
        work,
        retry: { attempts: 3, delayMs: 1_000, factor: 2, maxDelayMs: 60_000, jitter: true },
      },
    ],
  },
  'a step that waits within its work, and a pause after it': {
    name: 'waits',
    version: '1',
    timeoutMs: 60_000,
    steps: [{ kind: 'step', name: 'ask', work: waitingWork, interrupt: true }],
  },
  'pauses and sleeps': {
    name: 'pauses',
    version: '1',
    timeoutMs: 60_000,
    steps: [
      { kind: 'step', name: 'draft', work, interrupt: true },
      { kind: 'interrupt', name: 'sign-off', timeoutMs: 1_000 },
      { kind: 'sleep', name: 'cool-off', until: { ms: 5_000 } },
      { kind: 'sleep', name: 'until-then', until: { compute: () => '1s' } },
    ],
  },
}

/** What has to be given back, if the step after it fails. */
const undone = (name: string): { name: string; work: () => null; undo: UndoStep } => ({
  name,
  work,
  undo: { kind: 'undo', way: 'work', name: `${name}.undo`, of: name, work, timeoutMs: 1_000 },
})
plans['a step that can be undone, and one that fails'] = {
  name: 'saga',
  version: '1',
  steps: [
    { kind: 'step', ...undone('flight') },
    { kind: 'step', name: 'pay', work },
  ],
}
plans['branches that can be undone, and a timeout'] = {
  name: 'branches',
  version: '1',
  timeoutMs: 60_000,
  steps: [
    {
      kind: 'parallel',
      name: 'p',
      branches: [
        { kind: 'step', ...undone('p.x') },
        { kind: 'step', ...undone('p.y') },
      ],
    },
  ],
}

const statusOf = (snapshot: AnyMachineSnapshot) => toTransition(snapshot, 'x', 1).status
/** What tells two states apart: attempts, deaths and outcomes, but not times. */
const key = (snapshot: AnyMachineSnapshot): string => {
  const { steps, error, deaths, recoveries } = snapshot.context as ProcessContext
  const counts = Object.entries(steps).map(([name, { status, attempt, failures }]) => [name, status, attempt, failures])
  return JSON.stringify([snapshot.value, counts, error?.code, deaths, recoveries])
}

for (const [title, plan] of Object.entries(plans))
  test(`every path through a definition with ${title}`, t => {
    const machine = machineOf(plan)
    const input = { pid: 'p1', input: { n: 1 }, at: 1_000, timeoutMs: plan.timeoutMs }
    const paths = getSimplePaths(machine, {
      input,
      serializeState: snapshot => key(snapshot as AnyMachineSnapshot),
      events: snapshot => possibleEvents(plan, snapshot as AnyMachineSnapshot) as never,
    })
    t.true(paths.length > 4)
    const seen = new Map<string, AnyMachineSnapshot>()
    for (const { state, steps } of paths) {
      const snapshots = [...steps.map(step => step.state), state] as AnyMachineSnapshot[]
      const statuses = snapshots.map(statusOf)
      const firstFinal = statuses.findIndex(isFinal)
      t.true(
        firstFinal === -1 || statuses.slice(firstFinal).every(status => status === statuses[firstFinal]),
        `a path left a final state: ${statuses.join(' ')}`,
      )
      for (const snapshot of snapshots) seen.set(key(snapshot), snapshot)
    }
    const reached = new Set([...seen.values()].map(statusOf))
    const expected: ProcessStatus[] = [
      'pending',
      'running',
      'finished',
      'error',
      'cancelled',
      ...(plan.timeoutMs ? (['timeout'] as const) : []),
    ]
    for (const status of expected) t.true(reached.has(status), `no path reaches ${status}`)
    for (const snapshot of seen.values())
      if (snapshot.status === 'active')
        t.deepEqual(
          essence(recovered(machine, snapshot, recover(9_000))),
          essence(getNextSnapshot(machine, snapshot, recover(9_000)) as AnyMachineSnapshot),
        )
  })
