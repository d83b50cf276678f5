import fs from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { assign, createMachine } from 'xstate'
import { createRuntime, defineProcess, lowdbStore, openClient } from '../../src/index.ts'
import { createPid } from '../../src/record/pid.ts'
import { tempDir } from '../temp-dir.ts'
import { kill, start, steer } from './children.ts'

const outcomes = (found: readonly { outcome: string }[]): string[] => found.map(({ outcome }) => outcome)

test('a process is steered from another Node process', async t => {
  const dir = join(await tempDir(t), 'store')
  const { message: pids } = await start<string[]>(t, 'steered-host.ts', dir, '3')
  const [one = '', two = '', three = ''] = pids
  const client = openClient(dir)
  t.deepEqual(
    outcomes(
      await steer(t, dir, [
        ['proceed', one, { ok: true }],
        ['proceed', two, { hold: true }],
        ['cancel', three, 'enough'],
      ]),
    ),
    ['taken', 'taken', 'taken'],
  )
  t.deepEqual(await client.result(one), { n: 0, ok: true })
  t.like(await client.get(three), { status: 'cancelled', error: { message: 'enough', code: 'ERR_CANCELLED' } })
  for await (const { steps } of client.watch(two)) if (steps[2]?.status === 'running') break
  t.deepEqual(outcomes(await steer(t, dir, [['cancel', two]])), ['taken'])
  t.is((await client.get(two))?.status, 'cancelled')
  const history = await client.history(one)
  t.is(history.filter(({ event }) => event.command !== undefined).length, 1)
  t.deepEqual(outcomes(await steer(t, dir, [['delete', one]])), ['done'])
  t.is(await client.get(one), undefined)
  t.deepEqual(fs.readdirSync(join(dir, 'commands')), [])
})

test('what cannot be done is told by its code', async t => {
  const dir = join(await tempDir(t), 'store')
  const { message: pids } = await start<string[]>(t, 'steered-host.ts', dir, '2')
  const [one = '', two = ''] = pids
  const wishes = [
    ['cancel', '0'.repeat(20)],
    ['proceed', '../../etc/passwd'],
    ['send', one, { type: 'GO' }],
    ['delete', one],
    ['fork', one, { from: 'nowhere' }],
    ['fork', one, { from: 'work' }],
  ] as const
  t.deepEqual(outcomes(await steer(t, dir, wishes)), [
    'ERR_UNKNOWN_PROCESS',
    'ERR_UNKNOWN_PROCESS',
    'ERR_EVENT_REFUSED',
    'ERR_NOT_ENDED',
    'ERR_UNKNOWN_STEP',
    'ERR_UNKNOWN_STEP',
  ])
  await steer(t, dir, [
    ['proceed', one],
    ['proceed', two, { hold: true }],
  ])
  await openClient(dir).result(one)
  t.deepEqual(
    outcomes(
      await steer(t, dir, [
        ['proceed', two],
        ['cancel', one],
        ['proceed', one],
      ]),
    ),
    ['ERR_NOT_INTERRUPTED', 'ERR_ALREADY_ENDED', 'ERR_ALREADY_ENDED'],
  )
  t.deepEqual(fs.readdirSync(join(dir, 'commands')), [])
})

test('without a living host a command is kept, and taken once by the one that takes the process up', async t => {
  const dir = join(await tempDir(t), 'store')
  const { child, message: pids } = await start<string[]>(t, 'steered-host.ts', dir, '2')
  const [one = '', two = ''] = pids
  await kill(child)
  t.deepEqual(
    outcomes(
      await steer(t, dir, [
        ['proceed', one, { by: 'me' }],
        ['cancel', two],
      ]),
    ),
    ['kept', 'kept'],
  )
  t.deepEqual(outcomes(await steer(t, dir, [['proceed', one, { by: 'me too' }]])), ['kept'])
  await start(t, 'steered-host.ts', dir)
  const client = openClient(dir)
  t.deepEqual(await client.result(one), { n: 0, by: 'me' })
  await t.throwsAsync(client.result(two), { code: 'ERR_CANCELLED' })
  t.is((await client.history(one)).filter(({ event }) => event.type === 'PROCEED').length, 1)
})

test('a host killed between the record and the clean-up applies nothing twice', async t => {
  const dir = join(await tempDir(t), 'store')
  const { child, message: pids } = await start<string[]>(t, 'steered-host.ts', dir, '1')
  const [pid = ''] = pids
  const client = openClient(dir)
  await client.proceed(pid, { hold: true })
  const [command] = (await client.history(pid)).flatMap(({ event }) => event.command ?? [])
  await kill(child)
  // As if it had died before it removed what it had done.
  const folder = join(dir, 'commands')
  fs.writeFileSync(
    join(folder, `${pid}.${command}.json`),
    JSON.stringify({ pid, id: command, at: 1, type: 'proceed', step: 'ask', data: { hold: true } }),
  )
  await start(t, 'steered-host.ts', dir)
  while (fs.readdirSync(folder).length > 0) await new Promise(resolve => setTimeout(resolve, 20))
  t.is((await client.history(pid)).filter(({ event }) => event.type === 'PROCEED').length, 1)
  t.is((await client.get(pid))?.status, 'running')
  t.is(await client.cancel(pid), 'taken')
})

test('a cancel that was kept stops a step before it begins again', async t => {
  const dir = join(await tempDir(t), 'store')
  const { child, message: pids } = await start<string[]>(t, 'steered-host.ts', dir, '1')
  const [pid = ''] = pids
  const client = openClient(dir)
  await client.proceed(pid, { hold: true })
  await kill(child)
  t.is(await client.cancel(pid), 'kept')
  let runs = 0
  const definition = defineProcess({ name: 'sign-off' })
    .step('prepare', () => ({}))
    .interrupt('ask')
    .step('work', () => void (runs += 1))
  const runtime = await createRuntime({ processes: [definition], store: lowdbStore(dir) })
  t.teardown(() => runtime.close())
  await t.throwsAsync(runtime.result(pid), { code: 'ERR_CANCELLED' })
  t.is(runs, 0)
})

test('garbage among the commands harms nobody, and is kept', async t => {
  const dir = join(await tempDir(t), 'store')
  const { message: pids } = await start<string[]>(t, 'steered-host.ts', dir, '1')
  const [pid = ''] = pids
  const folder = join(dir, 'commands')
  fs.mkdirSync(folder, { recursive: true })
  const garbage = [
    '',
    '{',
    'null',
    '[]',
    '{"type":"cancel"}',
    '{"type":"rm -rf"}',
    '\0\0',
    JSON.stringify({ type: 'proceed', step: 7 }),
  ]
  const names = garbage.map(text => {
    const name = `${pid}.${createPid(Date.now())}.json`
    fs.writeFileSync(join(folder, name), text)
    return name
  })
  fs.writeFileSync(join(folder, 'README'), 'not ours')
  const client = openClient(dir)
  t.is(await client.proceed(pid, { fine: true }), 'taken')
  t.deepEqual(await client.result(pid), { n: 0, fine: true })
  t.deepEqual(fs.readdirSync(folder).toSorted(), ['README', ...names].toSorted())
})

test('events for a machine step, sent from another Node process', async t => {
  const dir = join(await tempDir(t), 'store')
  const count = createMachine({
    context: { n: 0 },
    initial: 'open',
    states: {
      open: {
        on: {
          ADD: { actions: assign({ n: ({ context }: { context: { n: number } }) => context.n + 1 }) },
          CLOSE: 'closed',
        },
      },
      closed: { type: 'final' },
    },
    output: ({ context }: { context: { n: number } }) => context.n,
  })
  const definition = defineProcess({ name: 'counting' })
    .machine('count', count as never, { input: () => null } as never)
    .interrupt('ask')
  const runtime = await createRuntime({ processes: [definition], store: lowdbStore(dir) })
  t.teardown(() => runtime.close())
  const { pid } = await runtime.start(definition)
  for await (const { steps } of runtime.watch(pid)) if (steps[0]?.state === 'open') break
  const sent = await steer(t, dir, [
    ['send', pid, { type: 'ADD' }],
    ['send', pid, { type: 'ADD' }],
    ['send', pid, { type: 'NOTHING' }],
  ])
  t.deepEqual(outcomes(sent), ['taken', 'taken', 'taken'])
  t.deepEqual(outcomes(await steer(t, dir, [['send', pid, { type: 'CLOSE' }]])), ['taken'])
  for await (const { status, output } of runtime.watch(pid))
    if (status === 'interrupted') {
      t.is(output, 2)
      break
    }
  // Each is on record with its command, also the one that changed nothing and the one that ended
  // the machine.
  const commands = (await runtime.history(pid)).flatMap(({ event }) => event.command ?? [])
  t.is(new Set(commands).size, 4)
  t.is(commands.length, 4)
  t.deepEqual(outcomes(await steer(t, dir, [['send', pid, { type: 'ADD' }]])), ['ERR_EVENT_REFUSED'])
  await t.throwsAsync(runtime.send(pid, 'ADD' as never), { instanceOf: TypeError })
  await t.throwsAsync(openClient(dir).send(pid, {} as never), { instanceOf: TypeError })
})
