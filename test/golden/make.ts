// Writes the golden journals of this version's format: node --conditions=@stepwright/source
// test/golden/make.ts
//
// A journal is added when there is something new that a journal can hold. One that is there is
// never written anew, since it stands for those that are on the disks of others; a new format gets
// a folder of its own. Pids and times come from a test clock, so that a run changes nothing but
// what has changed.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { lowdbStore, type ProcessInfo } from 'stepwright'
import { createTestRuntime, TestClock } from 'stepwright/testing'
import { JOURNAL_FORMAT } from '../../src/journal/line.ts'
import * as definitions from './definitions.ts'

const {
  all,
  working,
  stubborn,
  retrying,
  slow,
  sleeping,
  computed,
  reviewed,
  asking,
  waiting,
  skipping,
  failing,
  late,
  parallel,
  each,
  parent,
  machine,
  noting,
  keeping,
  undoing,
  shorter,
} = definitions
const target = join(import.meta.dirname, `format-${JOURNAL_FORMAT}`)
const dir = mkdtempSync(join(tmpdir(), 'stepwright-golden-'))
const clock = new TestClock()
definitions.host.isFirst = true
const names = new Map<string, string>()
const open = (processes: readonly (typeof all)[number][] = all, concurrency = 100) =>
  createTestRuntime({ processes, store: lowdbStore(dir), clock, concurrency, retention: false })

type Runtime = Awaited<ReturnType<typeof open>>

/**
 * When a process began in the first format that has it, in epoch milliseconds: its pid and its times
 * are the same in all formats.
 */
function beginningOf(name: string): number {
  if (!existsSync(join(import.meta.dirname, 'format-1', `${name}.jsonl`))) return clock.now()
  const [head = ''] = readFileSync(join(import.meta.dirname, 'format-1', `${name}.jsonl`), 'utf8').split('\n')
  return (JSON.parse(head) as { createdAt: number }).createdAt
}

/** Starts a process and waits until it is where its journal is to end. */
async function start(
  runtime: Runtime,
  name: string,
  definition: { name: string },
  there: (info: ProcessInfo) => boolean,
  options = {},
): Promise<string> {
  await clock.advance(beginningOf(name) - clock.now())
  const { pid } = await runtime.start(definition as typeof working, { n: 10 }, options)
  names.set(pid, name)
  // Progress is written at most ten times a second.
  while (!there((await runtime.get(pid)) as ProcessInfo)) await clock.advance(100)
  return pid
}
const is = (status: string) => (info: ProcessInfo) => info.status === status
const stepIs = (step: string, status: string) => (info: ProcessInfo) =>
  info.steps.find(({ name }) => name === step)?.status === status

// Those that another host goes on with.
const before = await open([...all.filter(one => one !== definitions.growing), shorter])
const grown = await start(before, 'interrupted-under-a-new-shape', shorter, is('interrupted'))
const recovered = await start(before, 'running-recovered', stubborn, stepIs('work', 'running'))
await before.die()

const runtime = await open()
await runtime.proceed(grown, { more: true })
await runtime.until(grown, info => info.status === 'interrupted' && info.steps[1]?.status === 'finished')
await runtime.until(recovered, info => info.steps[0]?.attempt === 2)

await start(runtime, 'running', working, info => info.steps[1]?.progress !== undefined, {
  key: 'order 1',
  labels: { customer: 'Ada', ünï: '✓' },
})
await start(runtime, 'running-parallel', parallel, stepIs('both.quick', 'finished'))
await start(runtime, 'running-each', each, info => info.steps[0]?.progress?.value === 2)
await start(runtime, 'running-parent', parent, info => info.steps[0]?.status === 'running')
for await (const { name, pid } of runtime.list({ name: 'child' })) names.set(pid, `running-${name}`)
const behind = await start(runtime, 'running-machine', machine, stepIs('door', 'running'))
await runtime.send(behind, { type: 'OPEN' })
await start(runtime, 'running-in-a-retry-wait', retrying, stepIs('try', 'waiting'))
const timed = await start(runtime, 'running-after-a-step-timeout', slow, stepIs('wait', 'running'))
await clock.advance('6s')
await runtime.until(timed, stepIs('wait', 'waiting'))
await start(runtime, 'sleeping', sleeping, is('sleeping'))
await start(runtime, 'sleeping-until-a-computed-time', computed, is('sleeping'))
await start(runtime, 'interrupted-after-a-step', reviewed, is('interrupted'), { labels: { team: 'red' } })
await start(runtime, 'interrupted', asking, is('interrupted'))
await start(runtime, 'finished', skipping, is('finished'), { key: 'order 2' })
await start(runtime, 'error', failing, is('error'))
const cancelled = await start(runtime, 'cancelled', asking, is('interrupted'))
await runtime.cancel(cancelled, 'no longer wanted')
const over = await start(runtime, 'timeout', late, is('running'))
await clock.advance('1m')
await runtime.until(over, is('timeout'))

// Of format 2: transitions that say what has changed.
await start(runtime, 'running-agent', noting, info => (info.steps[0]?.machine?.context as { n?: number })?.n === 13)
await start(runtime, 'running-each-keep', keeping, info => info.steps[0]?.progress?.value === 2)
// And what is undone.
await start(runtime, 'undoing', undoing, stepIs('take.undo', 'running'))
const half = await start(runtime, 'interrupted-within-a-step', waiting, is('interrupted'))
await runtime.proceed(half, 100, { name: 'a' })
await runtime.until(half, info => info.status === 'interrupted' && info.steps[0]?.attempt === 2)

// One that waits for its turn.
const narrow = await open(all, 1)
await narrow.start(working, { n: 10 })
await start(narrow, 'pending', sleeping, is('pending'), { key: 'order 3', timeout: '5m' })
await narrow.die()
await runtime.die()

const root = resolve(import.meta.dirname, '../..')
mkdirSync(target, { recursive: true })
for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
  const name = names.get(basename(file).split('.')[0] ?? '')
  if (name === undefined || !/active|ended/.test(file)) continue
  const to = join(target, `${name}.jsonl`)
  if (existsSync(to)) continue
  copyFileSync(join(dir, file), to)
  // Stacks name no machine.
  writeFileSync(to, readFileSync(to, 'utf8').replaceAll(root, '/app'))
}
rmSync(dir, { recursive: true, force: true })
process.exit()
