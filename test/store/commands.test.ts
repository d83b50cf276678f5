import test from 'ava'
import { createPid } from '../../src/record/pid.ts'
import {
  answerCommand,
  commandState,
  deleteCommand,
  putCommand,
  sweepCommands,
  waitingCommands,
  type Command,
} from '../../src/store/commands.ts'
import { memoryStore } from '../../src/store/memory/memory-store.ts'
import { created, ended } from '../../src/testing/conformance/samples.ts'

let at = Date.UTC(2030, 0, 1)
const aCommand = (pid: string, changes: object = { type: 'cancel', reason: 'enough' }): Command => {
  at += 1
  return { pid, id: createPid(at), at, ...changes } as Command
}

test('commands wait for the host that owns their process, oldest first', async t => {
  const { documents } = memoryStore()
  const [one, other] = [createPid(1), createPid(2)]
  const [first, second] = [aCommand(one), aCommand(one, { type: 'proceed', step: 'read', data: { ok: true } })]
  for (const command of [second, first, aCommand(other)]) await putCommand(documents, command)
  t.deepEqual(await waitingCommands(documents, pid => pid === one), [first, second])
  t.is(await commandState(documents, one, first.id), 'waiting')
})

test('a command is answered for good: taken, or refused until somebody has read why', async t => {
  const { documents } = memoryStore()
  const pid = createPid(1)
  const [first, second] = [aCommand(pid), aCommand(pid, { type: 'send', event: { type: 'GO' } })]
  for (const command of [first, second]) await putCommand(documents, command)
  await answerCommand(documents, pid, first.id)
  const refused = { code: 'ERR_EVENT_REFUSED', message: 'no' }
  await answerCommand(documents, pid, second.id, refused)
  t.is(await commandState(documents, pid, first.id), 'taken')
  t.deepEqual(await commandState(documents, pid, second.id), { refused })
  t.deepEqual(await waitingCommands(documents, () => true), [])
  await deleteCommand(documents, pid, second.id)
  t.is(await commandState(documents, pid, second.id), 'taken')
})

test('a command that makes no sense is told, and keeps no other from being taken', async t => {
  const { documents } = memoryStore()
  const pid = createPid(1)
  const good = aCommand(pid)
  await putCommand(documents, good)
  const strange = [
    '',
    '{',
    'null',
    '[]',
    '{"type":"cancel"}',
    JSON.stringify({ ...good, type: 'rm -rf' }),
    JSON.stringify({ refused: 1 }),
  ]
  const names = strange.map((_, i) => `${pid}.${createPid(i)}`)
  for (const [i, name] of names.entries()) await documents.put('commands', name, strange[i]!)
  const told: string[] = []
  const waiting = await waitingCommands(
    documents,
    () => true,
    ({ name, error }) => {
      told.push(name)
      t.like(error, { code: 'ERR_STORE_CORRUPT' })
    },
  )
  t.deepEqual(waiting, [good])
  t.deepEqual(told.toSorted(), names.toSorted())
  await t.throwsAsync(commandState(documents, pid, names[0]!.split('.')[1]!), { code: 'ERR_STORE_CORRUPT' })
})

test('old refusals go, and old commands for processes that have ended', async t => {
  const store = memoryStore()
  const { documents } = store
  const host = await store.openHost()
  const [live, over] = [await created(host), await ended(host)]
  const old = Date.now() - 120_000
  const [kept, swept, fresh] = [
    aCommand(live.pid, { type: 'cancel', at: old }),
    aCommand(over.pid, { type: 'cancel', at: old }),
    aCommand(over.pid),
  ]
  const refused = aCommand(live.pid)
  for (const command of [kept, swept, fresh]) await putCommand(documents, command)
  await documents.put(
    'commands',
    `${live.pid}.${refused.id}`,
    JSON.stringify({ refused: { code: 'ERR_X', message: 'no' }, at: old }),
  )
  await documents.put('commands', `${live.pid}.${createPid(3)}`, 'garbage')
  await sweepCommands(store)
  const names = (await documents.list('commands')).map(({ name }) => name)
  t.deepEqual(
    names.toSorted(),
    [`${live.pid}.${kept.id}`, `${over.pid}.${fresh.id}`, `${live.pid}.${createPid(3, () => '')}`]
      .map(name => names.find(one => one.startsWith(name))!)
      .toSorted(),
  )
  t.is(names.length, 3)
  await host.close()
})
