import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { setup } from 'xstate'
import { defineProcess } from '../../src/index.ts'
import { treeOf } from '../store/helpers.ts'
import { openStore, spawnCli } from './store.ts'

const INDEX = new URL('../../src/index.ts', import.meta.url).href

const asking = (name: string) =>
  defineProcess({ name })
    .step('first', () => ({ n: 1 }))
    .interrupt('ask')
    .step('last', ({ data }) => data)

const review = setup({}).createMachine({ initial: 'draft', states: { draft: {}, done: { type: 'final' } } })

/** Stands for the definitions of the next deployment. */
const NEXT = `
import { createMachine } from ${JSON.stringify(import.meta.resolve('xstate'))}
import { defineProcess } from ${JSON.stringify(INDEX)}
export const services = () => { throw new Error('called') }
const machine = createMachine({ initial: 'sketch', states: { sketch: {}, done: { type: 'final' } } })
export const all = [
  defineProcess({ name: 'kept' }).step('zeroth', () => 0).interrupt('ask').step('other', ({ data }) => data),
  defineProcess({ name: 'shrunk' }).step('first', () => 1),
  defineProcess({ name: 'unpaused' }).step('ask', () => 1).interrupt('other'),
  defineProcess({ name: 'moved', version: '2', migrate: ({ step }) => ({ step: step === 'ask' ? 'last' : 'first' }) })
    .step('first', () => 1).step('last', ({ data }) => data),
  defineProcess({ name: 'newer', version: '2' }).step('first', () => 1).interrupt('ask'),
  defineProcess({ name: 'broken', migrate: () => ({ step: 'nowhere' }) }).step('first', () => 1),
  defineProcess({ name: 'machine' }).machine('review', machine),
]
`

test('check tells which live processes new definitions could not go on with, and why', async t => {
  const names = ['kept', 'shrunk', 'unpaused', 'moved', 'newer', 'broken', 'gone']
  const definitions = names.map(asking)
  const machine = defineProcess({ name: 'machine' }).machine('review', review)
  const { dir, runtime } = await openStore(t, ...definitions, machine)
  const jobs = [...(await Promise.all(definitions.map(one => runtime.start(one)))), await runtime.start(machine)]
  const ended = await runtime.start(definitions.at(-1)!)
  for (const { pid } of [...jobs.slice(0, -1), ended])
    for await (const { status } of runtime.watch(pid)) if (status === 'interrupted') break
  for await (const { steps } of runtime.watch(jobs.at(-1)!.pid)) if (steps[0]?.status === 'running') break
  await ended.cancel()
  const pids = Object.fromEntries([...names, 'machine'].map((name, at) => [name, jobs[at]!.pid]))
  pids['submitted'] = await runtime.submit('gone')
  const module = join(dir, '../next.mjs')
  writeFileSync(module, NEXT)

  const before = treeOf(dir)
  const [json, human, help] = await Promise.all([
    spawnCli(['check', module, '--json', '--store', dir]).result(),
    spawnCli(['check', module, '--store', dir]).result(),
    spawnCli(['check', '--help']).result(),
  ])
  t.deepEqual(treeOf(dir), before)
  t.deepEqual([json.status, json.stderr], [1, ''])
  const { checked, migrated, misfits } = JSON.parse(json.stdout)
  t.deepEqual([checked, migrated], [9, 1])
  const found = Object.fromEntries(
    (misfits as { pid: string; reason: string; message: string }[]).map(({ pid, reason, message }) => [
      pid,
      [reason, message],
    ]),
  )
  t.deepEqual(found, {
    [pids['shrunk']!]: ['missing-step', "there is no step 'ask' any more"],
    [pids['unpaused']!]: ['missing-state', "step 'ask' is none that can be interrupted any more"],
    [pids['newer']!]: ['unknown-version', "definition 'newer' has no version '1', and does not migrate it"],
    [pids['broken']!]: [
      'failed-migration',
      "migrate of process 'broken' must name a step that has work; it named 'nowhere'",
    ],
    [pids['machine']!]: ['missing-state', "the machine of step 'review' has no state 'draft' any more"],
    [pids['gone']!]: ['unknown-definition', "there is no definition 'gone'"],
    [pids['submitted']!]: ['unknown-definition', "there is no definition 'gone'"],
  })
  t.is(human.status, 1)
  t.is(human.stdout.split('\n').length, 9)
  t.true(human.stdout.includes("there is no step 'ask' any more"))
  t.is(human.stderr, 'stepwright: 2 of 9 live processes can continue, 1 of them where `migrate` says\n')
  t.is(help.status, 0)
  t.true(help.stdout.includes('$ stepwright check processes.ts'))
})

test('check says yes where a host would go on, and hosts do so', async t => {
  const definition = asking('kept')
  const { dir, runtime } = await openStore(t, definition)
  const { pid } = await runtime.start(definition)
  for await (const { status } of runtime.watch(pid)) if (status === 'interrupted') break
  const module = join(dir, '../next.mjs')
  writeFileSync(module, NEXT)
  t.deepEqual(await spawnCli(['check', module, '--store', dir]).result(), {
    status: 0,
    stdout: '',
    stderr: 'stepwright: 1 of 1 live processes can continue\n',
  })
  t.is((await spawnCli(['check', module, '--store', join(dir, 'none')]).result()).status, 2)
})

test('a journal that cannot be read is a process that nobody goes on with', async t => {
  const definition = asking('kept')
  const { dir, runtime } = await openStore(t, definition)
  const { pid } = await runtime.start(definition)
  for await (const { status } of runtime.watch(pid)) if (status === 'interrupted') break
  const { host } = (await runtime.get(pid))!
  writeFileSync(join(dir, 'active', host!.id, `${pid}.jsonl`), 'nonsense\n')
  writeFileSync(join(dir, '../next.mjs'), NEXT)
  const { status, stdout } = await spawnCli(['check', join(dir, '../next.mjs'), '--json', '--store', dir]).result()
  t.is(status, 1)
  t.like(JSON.parse(stdout), { checked: 1, misfits: [{ pid, reason: 'unreadable' }] })
})
