import { createPid } from '../src/record/pid.ts'
import type { ProcessRecord, Transition } from '../src/record/record.ts'

const GAP_MS = 100
const START_MS = Date.UTC(2026, 0, 1)
const STEPS = ['read', 'parse', 'write', 'notify']
const ENDS = { 0: 'error', 1: 'cancelled' } as const

/** The pid of the `index`th process: the same in every run. */
export const pidOf = (index: number): string =>
  createPid(START_MS + index * GAP_MS, () => index.toString(36).padStart(11, '0'))

/**
 * A process of four steps that has ended: one in 25 in error, one in 25 cancelled. 19 names, 4
 * teams, 997 users.
 */
export function endedProcess(index: number): ProcessRecord[] {
  const at = START_MS + index * GAP_MS
  const first: ProcessRecord = {
    pid: pidOf(index),
    name: `job-${index % 19}`,
    version: '1',
    shape: 'f00',
    createdAt: at,
    input: { file: `dump-${index}.xml`, size: index },
    labels: { user: `u${index % 997}`, team: `t${index % 4}` },
    outline: STEPS.map(name => ({ name, kind: 'step' })),
    status: 'pending',
    revision: 1,
    at,
    event: { type: 'stepwright.created' },
    steps: {},
    recoveries: 0,
    snapshot: { value: 'pending' },
  }
  const transition = (revision: number): Transition => ({
    ...first,
    status: revision <= STEPS.length + 1 ? 'running' : (ENDS[(index % 25) as 0] ?? 'finished'),
    revision,
    at: at + revision,
    event: { type: 'xstate.done.actor', step: STEPS[revision - 2] ?? 'notify' },
    steps: Object.fromEntries(
      STEPS.slice(0, revision - 1).map((name, i) => [
        name,
        { status: i === revision - 2 ? 'running' : 'finished', attempt: 1, startedAt: at + i },
      ]),
    ),
    data: { rows: index, step: revision },
    snapshot: { value: { running: STEPS[revision - 2] ?? 'notify' } },
  })
  return [first, ...Array.from({ length: STEPS.length + 1 }, (_, i) => ({ ...first, ...transition(i + 2) }))]
}
