import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { basename, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { lowdbStore, openClient, type ProcessInfo } from 'stepwright'
import { createTestRuntime, TestClock, type TestRuntime } from 'stepwright/testing'
import { newCard } from '../../src/store/hosts/card.ts'
import { hourOf } from '../../src/record/pid.ts'
import { isFinal, type ProcessRecord } from '../../src/record/record.ts'
import { tempDir } from '../temp-dir.ts'
import { all, working } from './definitions.ts'

const HOST = 'h00000000001'
/** A step of which no more is to be said. */
const STEP = { kind: 'step' }
const proceed = (runtime: TestRuntime, pid: string) => runtime.proceed(pid)

/** What a client sees of each, and what becomes of it: after `steer`, if it waits for somebody. */
const GOLDEN: Record<
  string,
  {
    readonly seen: object
    readonly ends?: number
    /** It ends in `error`, with this message. */
    readonly fails?: string
    readonly steer?: (runtime: TestRuntime, pid: string) => Promise<unknown>
  }
> = {
  pending: { seen: { status: 'pending', key: 'order 3', steps: [{ attempt: 0 }, { kind: 'sleep' }, STEP] }, ends: 12 },
  running: {
    seen: {
      status: 'running',
      key: 'order 1',
      labels: { customer: 'Ada', ünï: '✓' },
      deadline: '2030-01-01T01:00:03.000Z',
      steps: [
        { status: 'finished', progress: { value: 1, total: 2, message: 'half of it' } },
        { status: 'running', attempt: 1, progress: { value: 1, total: 3, message: 'attempt 1' } },
        { status: 'pending' },
      ],
    },
    ends: 13,
  },
  'running-recovered': { seen: { status: 'running', recoveries: 1, steps: [{ attempt: 2 }] }, ends: 11 },
  'running-parallel': {
    seen: { status: 'running', steps: [{ kind: 'parallel' }, { status: 'finished' }, { status: 'running' }, STEP] },
    ends: 22,
  },
  'running-each': {
    seen: { status: 'running', steps: [{ kind: 'each', progress: { value: 2, total: 3 } }, STEP] },
    ends: 63,
  },
  'running-each-keep': {
    seen: { status: 'running', steps: [{ kind: 'each', progress: { value: 2, total: 3, message: '1 failed' } }, STEP] },
    ends: 2,
  },
  'running-parent': {
    seen: { status: 'running', steps: [{ kind: 'process', child: 'b9u0004v000000000005' }, STEP] },
    ends: 12,
  },
  'running-child': { seen: { status: 'running', parent: { step: 'child' } }, ends: 11 },
  'running-machine': {
    seen: { status: 'running', steps: [{ kind: 'machine', state: 'open' }, STEP] },
    ends: 12,
    steer: (runtime, pid) => runtime.send(pid, { type: 'LEAVE' }),
  },
  'running-agent': {
    seen: {
      status: 'running',
      steps: [
        { kind: 'machine', machine: { value: 'noting', context: { n: 13, notes: ['note 10', 'note 11', 'note 12'] } } },
        STEP,
      ],
    },
    ends: 6,
  },
  'running-in-a-retry-wait': {
    seen: {
      status: 'running',
      steps: [{ status: 'waiting', attempt: 1, error: { code: 'ENOENT', cause: { message: 'disk gone' } } }],
    },
    ends: 11,
  },
  'running-after-a-step-timeout': {
    seen: { status: 'running', steps: [{ status: 'waiting', error: { code: 'ERR_STEP_TIMEOUT' } }] },
    ends: 11,
  },
  sleeping: {
    seen: { status: 'sleeping', steps: [STEP, { status: 'sleeping', until: '2030-01-01T00:20:16.400Z' }, STEP] },
    ends: 12,
  },
  'sleeping-until-a-computed-time': {
    seen: { status: 'sleeping', steps: [{ until: '2030-01-01T00:10:17.500Z' }, STEP] },
    ends: 11,
  },
  'interrupted-after-a-step': {
    seen: { status: 'interrupted', version: '7', output: { n: 11 }, labels: { team: 'red' } },
    ends: 12,
    steer: proceed,
  },
  interrupted: {
    seen: {
      status: 'interrupted',
      output: { n: 10 },
      steps: [{ kind: 'interrupt', until: '2030-01-08T00:00:19.700Z' }, STEP],
    },
    ends: 11,
    steer: proceed,
  },
  'interrupted-under-a-new-shape': {
    seen: {
      status: 'interrupted',
      steps: [
        { name: 'ask' },
        { name: 'more', status: 'finished' },
        { name: 'again', status: 'interrupted' },
        { name: 'last' },
      ],
    },
    ends: 12,
    steer: proceed,
  },
  'interrupted-within-a-step': {
    seen: {
      status: 'interrupted',
      steps: [{ status: 'interrupted', attempt: 2, waits: [{ name: 'b', for: 'answer' }] }, STEP],
    },
    ends: 1112,
    steer: (runtime, pid) => runtime.proceed(pid, 1000),
  },
  finished: {
    seen: {
      status: 'finished',
      key: 'order 2',
      output: { n: 11 },
      steps: [{ status: 'skipped' }, { progress: { value: 7 } }],
    },
  },
  error: {
    seen: {
      status: 'error',
      error: { code: 'ENOENT', step: 'fail', attempt: 1, cause: { message: 'disk gone' } },
      steps: [STEP, { status: 'error' }],
    },
  },
  undoing: {
    seen: {
      status: 'undoing',
      error: { step: 'fail', message: 'no room' },
      steps: [
        { status: 'finished' },
        { name: 'take.undo', kind: 'undo', status: 'running' },
        { status: 'error' },
        { name: 'fail.undo', status: 'finished' },
      ],
    },
    fails: 'no room',
  },
  timeout: { seen: { status: 'timeout', error: { code: 'ERR_PROCESS_TIMEOUT' }, steps: [{ status: 'timeout' }] } },
  cancelled: {
    seen: { status: 'cancelled', error: { message: 'no longer wanted' }, steps: [{ status: 'cancelled' }] },
  },
}

const SINCE_FORMAT_2 = new Set(['running-agent', 'running-each-keep', 'undoing', 'interrupted-within-a-step'])

/** What there is of a format: the first one had no step actors. */
const namesOf = (format: string): string[] =>
  Object.keys(GOLDEN).filter(name => format !== 'format-1' || !SINCE_FORMAT_2.has(name))

/**
 * A store with all journals of a format, as a host that died has left it; the pids by the journals'
 * names, and the time of the last line.
 */
async function storeOf(t: ExecutionContext, format: string) {
  const dir = join(await tempDir(t), 'store')
  await (await lowdbStore(dir).openHost()).close()
  fs.mkdirSync(join(dir, 'active', HOST), { recursive: true })
  // The host has died on this machine.
  fs.writeFileSync(join(dir, 'hosts', `${HOST}.json`), JSON.stringify(newCard(HOST)))
  const journals = new Map<string, { readonly pid: string; readonly lines: number }>()
  let now = 0
  for (const name of fs.readdirSync(join(import.meta.dirname, format))) {
    const source = join(import.meta.dirname, format, name)
    const lines = fs
      .readFileSync(source, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as ProcessRecord)
    const [first, last] = [lines[0], lines.at(-1)] as [ProcessRecord, ProcessRecord]
    const folder = isFinal(last.status) ? join(dir, 'ended', hourOf(first.pid)) : join(dir, 'active', HOST)
    fs.mkdirSync(folder, { recursive: true })
    const file = join(folder, isFinal(last.status) ? `${first.pid}.${last.status}.jsonl` : `${first.pid}.jsonl`)
    fs.copyFileSync(source, file)
    if (first.key !== undefined)
      fs.linkSync(file, join(dir, 'keys', createHash('sha256').update(first.key).digest('hex')))
    journals.set(basename(name, '.jsonl'), { pid: first.pid, lines: lines.length })
    now = Math.max(now, last.at)
  }
  return { dir, journals, now }
}

for (const format of fs.readdirSync(import.meta.dirname).filter(name => name.startsWith('format-'))) {
  test(`${format}: a client reads all journals`, async t => {
    const { dir, journals } = await storeOf(t, format)
    const client = openClient(dir)
    t.deepEqual([...journals.keys()].toSorted(), namesOf(format).toSorted())
    const listed = await Array.fromAsync(client.list({ onCorrupt: ({ error }) => t.fail(error.message) }))
    t.is(listed.length, journals.size)
    for (const [name, { pid, lines }] of journals) {
      const info = (await client.get(pid)) as ProcessInfo
      t.like(
        info,
        { ...GOLDEN[name]?.seen, host: info.endedAt === undefined ? { id: HOST, state: 'dead' } : undefined } as object,
        name,
      )
      t.deepEqual(
        listed.find(one => one.pid === pid),
        info,
        name,
      )
      t.deepEqual(
        (await client.history(pid)).map(({ revision }) => revision),
        Array.from({ length: lines }, (_, line) => line + 1),
        name,
      )
    }
    await client.close()
  })

  test(`${format}: a host takes those that live to their end`, async t => {
    const { dir, journals, now } = await storeOf(t, format)
    const clock = new TestClock()
    clock.set(now)
    const runtime = await createTestRuntime({ processes: all, store: lowdbStore(dir), clock, retention: false })
    for (const name of namesOf(format)) await GOLDEN[name]?.steer?.(runtime, journals.get(name)?.pid ?? '')
    await clock.advance('30m')
    for (const name of namesOf(format)) {
      const { ends, fails } = GOLDEN[name]!
      if (fails !== undefined)
        t.like(await runtime.get(journals.get(name)?.pid ?? ''), { status: 'error', error: { message: fails } })
      if (ends !== undefined)
        t.deepEqual(await runtime.result(journals.get(name)?.pid ?? ''), { n: ends } as never, name)
    }
    // A key still means the process that has it.
    t.is((await runtime.start(working, { n: 1 }, { key: 'order 1' })).pid, journals.get('running')?.pid ?? '')
    t.deepEqual(
      fs.readdirSync(join(dir, 'active')).filter(name => name === HOST),
      [],
    )
    await runtime.close()
  })
}
