import test from 'ava'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineProcess, type ProcessDefinition } from '../../src/index.ts'
import { chartsIn } from '../../src/cli/charts-in.ts'
import { flowOf } from '../../src/inspect/diagram/flow.ts'
import { layoutOf } from '../../src/inspect/diagram/flow-layout.ts'
import { mermaid } from '../../src/inspect/diagram/mermaid.ts'
import { duration, progressed } from '../../src/inspect/diagram/chart-progress.ts'
import { svg } from '../../src/inspect/diagram/svg.ts'
import { runCli } from '../cli/fake-io.ts'
import { adding, openStore } from '../cli/store.ts'
import { tempDir } from '../temp-dir.ts'

const everything = defineProcess({ name: 'everything', timeout: '5m' })
  .step('zebra', () => 1)
  .step('apple', () => 2, { retry: 3 })
  .step('thin', () => 1, { when: () => true })
  .step('re-view', () => 3, { interrupt: true })
  .interrupt('sign-off', { timeout: '7d' })
  .sleep('cool', '1s')
  .sleep('computed', () => '1s')
  .step('end', () => 4)

const flow = (definition: ProcessDefinition) => flowOf(chartsIn({ definition }).get(definition.name))

test('a flow has the steps of the definition in order, and what is special about each', t => {
  const { id, nodes, timed } = flow(everything)
  t.is(id, 'everything')
  t.true(timed)
  t.deepEqual(
    nodes.map(({ name, kind }) => [name, kind]),
    everything.steps.map(({ name, kind }) => [name, kind]),
  )
  t.deepEqual(
    nodes.map(({ next }) => next),
    [['apple'], ['thin'], ['re-view'], ['sign-off'], ['cool'], ['computed'], ['end'], ['finished']],
  )
  const which = (wanted: 'retries' | 'pauses' | 'skippable' | 'fails') =>
    nodes.filter(node => node[wanted]).map(({ name }) => name)
  t.deepEqual(which('retries'), ['apple'])
  t.deepEqual(which('skippable'), ['thin'])
  t.deepEqual(which('pauses'), ['re-view'])
  t.deepEqual(which('fails'), ['zebra', 'apple', 'thin', 're-view', 'sign-off', 'computed', 'end'])
  t.false(flow(adding).timed)
})

test('Mermaid text', t => {
  t.snapshot(mermaid(flow(everything)))
})

test('Mermaid text of a process: where it is, and how long each step took', t => {
  const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, second)).toISOString()
  const steps = [
    { name: 'zebra', status: 'finished', attempt: 1, startedAt: at(0), endedAt: at(3) } as const,
    { name: 'apple', status: 'waiting', attempt: 2, startedAt: at(3) } as const,
  ]
  const text = mermaid(flow(everything), progressed('running', steps, Date.parse(at(70))))
  t.regex(text, /state "zebra 3\.0s" as zebra\n/)
  t.regex(text, /state "apple 1m 07s" as apple\n/)
  t.regex(text, /class zebra finished\n/)
  t.regex(text, /class apple waiting\n/)
  t.regex(text, /class apple current\n/)
  const failed = mermaid(flow(everything), progressed('error', [{ name: 'zebra', status: 'error', attempt: 1 }], 0))
  t.regex(failed, /class zebra,error error\n/)
})

test('a picture places every step below the one before, inside of the picture', t => {
  const layout = layoutOf(flow(everything))
  t.deepEqual(
    layout.steps.map(({ node }) => node.name),
    everything.steps.map(({ name }) => name),
  )
  for (const [index, { x, y, width, height }] of layout.steps.entries()) {
    const below = layout.steps[index + 1]?.y ?? layout.ends[0]!.y
    t.true(x >= 0 && x + width <= layout.width && y + height < below && below < layout.height)
  }
  t.deepEqual(
    layout.arrows.filter(({ kind }) => kind === 'skip'),
    [],
  )
  t.regex(svg(flow(everything)), /^<svg .*aria-label="Chart of everything".*<\/svg>\n$/s)
})

test('a chart with jumps, parts, or from anywhere is drawn as far as it is understood, and escaped', t => {
  const chart = {
    id: 'x',
    states: {
      pending: { on: { START: { target: '#x.running.a' } } },
      running: {
        states: {
          a: { on: { 'xstate.done.actor.a': [{ target: '#x.running.c' }, { target: '#x.running.b' }] } },
          b: {
            type: 'parallel',
            states: { left: {}, right: {} },
            on: { 'xstate.done.state.x.running.b': { target: '#x.running.c' } },
          },
          c: { on: { 'xstate.done.actor.c': { target: '#x.finished' }, BACK: { target: '#x.running.a' } } },
          '<script>': {},
        },
      },
    },
  }
  const drawn = flowOf(chart)
  t.deepEqual(
    drawn.nodes.map(({ name }) => name),
    ['a', 'c', 'b', '<script>'],
  )
  t.deepEqual(drawn.nodes.find(({ name }) => name === 'b')!.parts, ['left', 'right'])
  t.deepEqual(
    layoutOf(drawn)
      .arrows.filter(({ kind }) => kind === 'skip')
      .map(({ from, to }) => `${from}>${to}`),
    ['a>b', 'c>finished', 'c>a', 'b>c'],
  )
  t.false(svg(drawn).includes('<script>'))
  t.false(mermaid(drawn).includes('<script>'))
  t.notThrows(() => svg(flowOf({ id: 'empty' })))
})

test('spans of time', t => {
  t.deepEqual([0, 999, 1500, 42_500, 185_000, 7_500_000, 273_600_000].map(duration), [
    '0ms',
    '999ms',
    '1.5s',
    '42s',
    '3m 05s',
    '2h 05m',
    '3d 04h',
  ])
})

test('stepwright diagram: of a name in the store, of a process, of a module', async t => {
  const { dir, runtime } = await openStore(t)
  const job = await runtime.start(adding, { a: 1, b: 2 })
  await job.result()
  const { stdout, stderr, status } = await runCli(['--store', dir, 'diagram', 'adding'])
  t.is(status, 0, stderr)
  t.regex(stdout, /^stateDiagram-v2\n/)
  const picture = await runCli(['--store', dir, 'diagram', job.pid, '--format', 'svg'])
  t.regex(picture.stdout, /<g class="finished"><rect[^>]*\/><text class="name"[^>]*>add<\/text>/)
  const machine = JSON.parse(
    (await runCli(['--store', dir, 'diagram', 'adding@1', '--format', 'json'])).stdout,
  ) as object
  t.deepEqual(Object.keys(machine), ['id', 'initial', 'states'])

  const file = join(await tempDir(t), 'jobs.ts')
  await writeFile(
    file,
    `import { defineProcess } from ${JSON.stringify(import.meta.resolve('../../src/index.ts'))}
    export const one = defineProcess({ name: 'one' }).step('first', () => 1)
    export const more = [defineProcess({ name: 'two' }).step('second', () => 1)]\n`,
  )
  t.regex((await runCli(['diagram', file, 'two'])).stdout, /\[\*\] --> second/)
  const several = await runCli(['diagram', file])
  t.is(several.status, 2)
  t.regex(several.stderr, /exports several definitions: add one of two, one/)
  t.regex((await runCli(['diagram', file, 'three'])).stderr, /exports no definition 'three'\. It has two, one/)
  t.regex((await runCli(['diagram', './nowhere.js'])).stderr, /There is no module \.\/nowhere\.js/)
  t.regex((await runCli(['--store', dir, 'diagram', 'nothing'])).stderr, /No process has the pid 'nothing'/)
  t.is((await runCli(['--store', dir, 'diagram', 'adding', '--format', 'gif'])).status, 2)
})

test('the way back: what fails leads to the step that is undone first, and from there to the one before', t => {
  const work = () => 1
  const undo = () => {}
  const saga = defineProcess({ name: 'saga' })
    .step('flight', work, { undo })
    .step('letter', work)
    .parallel('rooms', { single: { run: work, undo }, double: work })
    .step('pay', work, { undo: { run: undo, onFailure: true } })
    .step('tell', work)
  const drawn = flow(saga)
  t.deepEqual(
    drawn.nodes.map(({ name, undoes, back }) => [name, undoes, back]),
    [
      ['flight', true, undefined],
      ['letter', false, 'flight'],
      ['rooms', true, 'rooms'],
      ['pay', true, 'pay'],
      ['tell', false, 'pay'],
    ],
  )
  t.deepEqual(
    mermaid(drawn)
      .split('\n')
      .filter(line => /fails|undone/.test(line))
      .map(line => line.trim()),
    [
      'flight --> error: fails',
      'letter --> flight: fails',
      'tell --> pay: fails',
      'flight --> error: undone',
      'rooms --> flight: undone',
      'pay --> rooms: undone',
    ],
  )
  t.deepEqual(
    layoutOf(drawn)
      .arrows.filter(({ kind }) => kind === 'undo' || kind === 'fail')
      .map(({ kind, from, to }) => `${kind} ${from} ${to}`),
    ['fail flight error', 'undo letter flight', 'undo tell pay', 'undo rooms flight', 'undo pay rooms'],
  )
  const at = '2030-01-01T00:00:00Z'
  const progress = progressed(
    'undoing',
    [
      { name: 'flight', status: 'finished', attempt: 1, startedAt: at, endedAt: at },
      { name: 'flight.undo', status: 'pending', attempt: 0 },
      { name: 'rooms', status: 'finished', attempt: 1, startedAt: at, endedAt: at },
      { name: 'rooms.single.undo', status: 'running', attempt: 1, startedAt: at },
    ],
    Date.parse(at),
  )
  t.deepEqual(['flight', 'rooms'].map(progress.statusOf), ['finished', 'undoing'])
  t.deepEqual(['flight', 'rooms'].map(progress.isCurrent), [false, true])
})
