import type { ProcessInfo, ProcessStepInfo } from '../../src/index.ts'

/** Processes as a reader gets them, for renderers. */

export const NOW = Date.parse('2026-01-31T12:00:00.000Z')
export const at = (secondsFromNow: number): string => new Date(NOW + secondsFromNow * 1000).toISOString()

const STEPS: readonly ProcessStepInfo[] = [
  {
    name: 'read',
    kind: 'step',
    status: 'finished',
    attempt: 1,
    startedAt: at(-12),
    endedAt: at(-10),
    progress: { value: 3, total: 3 },
  },
  {
    name: 'parse',
    kind: 'step',
    status: 'running',
    attempt: 2,
    startedAt: at(-4),
    progress: { value: 3, total: 10, message: 'page three' },
  },
  { name: 'publish', kind: 'step', status: 'pending', attempt: 0 },
]

export const running: ProcessInfo = {
  pid: '0bq7k000a1bcdefghijk',
  name: 'import-dump',
  version: '2',
  status: 'running',
  createdAt: at(-180),
  startedAt: at(-12),
  updatedAt: at(-1),
  deadline: at(300),
  input: { file: 'dump.xml' },
  steps: STEPS,
  recoveries: 0,
  revision: 7,
  labels: { user: '42', kind: 'big' },
  host: { id: 'habcdefghijk', osPid: 4711, hostname: 'box', state: 'alive' },
}

const without = ({ host: _, deadline: __, ...rest }: ProcessInfo): ProcessInfo => rest

export const finished: ProcessInfo = {
  ...without(running),
  status: 'finished',
  endedAt: at(-2),
  updatedAt: at(-2),
  output: { pages: 10 },
  steps: STEPS.map(step => ({ ...step, status: 'finished', startedAt: at(-12), endedAt: at(-2) })),
}

export const failed: ProcessInfo = {
  ...without(running),
  status: 'error',
  endedAt: at(-2),
  updatedAt: at(-2),
  error: {
    name: 'TypeError',
    message: 'no such page',
    step: 'parse',
    attempt: 2,
    code: 'ERR_PAGE',
    stack: 'TypeError: no such page\n    at parse (file:///app/parse.js:3:9)\n    at run (file:///app/run.js:8:1)',
    cause: { name: 'Error', message: 'socket hang up', stack: 'Error: socket hang up\n    at connect (node:net:1:1)' },
  },
  steps: STEPS.map(step =>
    step.name === 'parse'
      ? { ...step, status: 'error', endedAt: at(-2), error: { name: 'TypeError', message: 'no such page' } }
      : step,
  ),
}

const inStep = (status: ProcessInfo['status'], step: ProcessStepInfo): ProcessInfo => ({
  ...without(running),
  host: running.host!,
  status,
  steps: [STEPS[0]!, step, STEPS[2]!],
})

export const sleeping = inStep('sleeping', {
  name: 'cool-off',
  kind: 'sleep',
  status: 'sleeping',
  attempt: 1,
  startedAt: at(-1),
  until: at(599),
})
export const interrupted = inStep('interrupted', {
  name: 'sign-off',
  kind: 'interrupt',
  status: 'interrupted',
  attempt: 1,
  startedAt: at(-1),
})
export const retrying = inStep('running', {
  name: 'parse',
  kind: 'step',
  status: 'waiting',
  attempt: 2,
  startedAt: at(-9),
  until: at(5),
  error: { name: 'Error', message: 'busy' },
})
export const pending: ProcessInfo = {
  ...without(running),
  status: 'pending',
  steps: STEPS.map(({ name, kind }) => ({ name, kind, status: 'pending', attempt: 0 })),
}
