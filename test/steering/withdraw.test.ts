import { join } from 'node:path'
import test from 'ava'
import { createRuntime, defineProcess, lowdbStore, openClient, type Runtime } from '../../src/index.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { runCli } from '../cli/fake-io.ts'
import { gate, settled } from '../runtime/gate.ts'
import { tempDir } from '../temp-dir.ts'

const asking = defineProcess({ name: 'asking' }).interrupt('ask')

async function paused(runtime: Runtime): Promise<string> {
  const { pid } = await runtime.start(asking)
  for await (const { status } of runtime.watch(pid)) if (status === 'interrupted') break
  return pid
}

test('what waits for a host is taken back, all of it or one command', async t => {
  const store = memoryStore()
  const one = await createRuntime({ processes: [asking], store })
  const pid = await paused(one)
  await one.close()
  const client = openClient(store)
  t.is(await client.proceed(pid, { by: 'ada' }), 'kept')
  t.is(await client.cancel(pid), 'kept')
  const { pendingCommands = [] } = (await client.get(pid))!
  t.deepEqual(
    pendingCommands.map(({ type, step }) => [type, step]),
    [
      ['proceed', 'ask'],
      ['cancel', undefined],
    ],
  )
  t.deepEqual(await client.withdraw(pid, pendingCommands[0]!.id), [pendingCommands[0]!])
  t.deepEqual(await client.withdraw(pid, pendingCommands[0]!.id), [])
  t.deepEqual(await client.withdraw(pid), [pendingCommands[1]!])
  t.is((await client.get(pid))?.pendingCommands, undefined)
  const two = await createRuntime({ processes: [asking], store })
  await settled(20)
  t.is((await client.get(pid))?.status, 'interrupted')
  await t.throwsAsync(client.withdraw('0'.repeat(20)), { code: 'ERR_UNKNOWN_PROCESS' })
  await two.close()
})

test('a command that came early is not done once it is taken back', async t => {
  const go = gate()
  const early = defineProcess({ name: 'early' })
    .step('work', () => go.promise)
    .interrupt('ask')
  const runtime = await createRuntime({ processes: [early], store: memoryStore() })
  const { pid, proceed } = await runtime.start(early)
  t.is(await proceed(), 'kept')
  t.is((await runtime.withdraw(pid)).length, 1)
  go.open()
  for await (const { status } of runtime.watch(pid)) if (status === 'interrupted') break
  await settled(20)
  t.is((await runtime.get(pid))?.status, 'interrupted')
  t.is(await proceed(), 'taken')
  await runtime.result(pid)
  await runtime.close()
})

test('on the command line; a cancel says that an answer goes before it', async t => {
  const dir = join(await tempDir(t), 'store')
  const one = await createRuntime({ processes: [asking], store: lowdbStore(dir) })
  const pid = await paused(one)
  await one.close()
  const run = (...argv: string[]) => runCli([...argv, '--store', dir], { now: () => Date.now() })
  t.is((await run('cancel', pid)).stderr, '')
  t.regex((await run('withdraw', pid)).stdout, /^withdrawn: cancel \(.*\) [0-9a-z]{20}\n$/)
  t.is((await run('proceed', pid)).status, 0)
  t.regex(
    (await run('cancel', pid)).stderr,
    /^stepwright: proceed waits since before and is done first: `stepwright withdraw/,
  )
  const [id] = /[0-9a-z]{20}$/m.exec(/Waiting commands\n +proceed.*/.exec((await run('show', pid)).stdout)![0])!
  t.is((JSON.parse((await run('withdraw', pid, id, '--json')).stdout) as unknown[]).length, 1)
  t.regex((await run('withdraw', pid, id)).stderr, /Nothing waits for process .* with the id/)
  const two = await createRuntime({ processes: [asking], store: lowdbStore(dir) })
  await t.throwsAsync(two.result(pid), { code: 'ERR_CANCELLED' })
  await two.close()
})
