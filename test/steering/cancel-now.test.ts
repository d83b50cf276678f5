import { join } from 'node:path'
import test from 'ava'
import { createRuntime, defineProcess, lowdbStore, openClient } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createTestRuntime, memoryStore } from '../../src/testing/index.ts'
import { runCli } from '../cli/fake-io.ts'
import { tempDir } from '../temp-dir.ts'

const child = defineProcess({ name: 'child' }).interrupt('ask')
const parent = defineProcess({ name: 'parent' })
  .step('first', () => 1)
  .process('wait', child)
const limited = defineProcess({ name: 'limited', limit: { concurrency: 1 } }).interrupt('ask')

for (const [name, makeStore] of [
  ['memory', () => memoryStore()],
  ['lowdb', (dir: string) => lowdbStore(join(dir, 'store'))],
  ['sqlite', (dir: string) => sqliteStore(join(dir, 'store.sqlite'))],
] as const)
  test(`what no living host has is ended at once, without its definition: ${name}`, async t => {
    const store = makeStore(await tempDir(t))
    const runtime = await createTestRuntime({ processes: [parent, limited], store })
    const family = await runtime.start(parent)
    await runtime.until(family.pid, ({ steps }) => steps.some(step => step.child !== undefined))
    const begun = await runtime.start(limited)
    await runtime.until(begun.pid, 'interrupted')
    const delayed = await runtime.start(limited, undefined, { delay: '1h', key: 'later' })
    const client = openClient(store)
    await t.throwsAsync(client.cancel(begun.pid, undefined, { now: true }), { code: 'ERR_HOST_ALIVE' })
    await runtime.die()
    const submitted = await client.submit('unknown', { any: 'thing' })
    t.is(await client.proceed(begun.pid), 'kept')
    for (const pid of [family.pid, begun.pid, delayed.pid, submitted])
      t.is(await client.cancel(pid, 'enough', { now: true }), 'taken')
    const all = await Array.fromAsync(client.list())
    t.is(all.length, 5)
    for (const { status, pendingCommands } of all) t.deepEqual([status, pendingCommands], ['cancelled', undefined])
    t.like(await client.get(begun.pid), { error: { code: 'ERR_CANCELLED', message: 'enough' } })
    t.deepEqual(
      (await client.get(begun.pid))?.steps.map(({ status }) => status),
      ['cancelled'],
    )
    await t.throwsAsync(client.result(family.pid), { code: 'ERR_CANCELLED' })
    await t.throwsAsync(client.cancel(family.pid, '', { now: true }), { code: 'ERR_ALREADY_ENDED' })
    for await (const { outcome } of client.deleteAll({})) t.true(['deleted', 'over'].includes(outcome!))
    t.deepEqual(await Array.fromAsync(client.list()), [])
    // Its place in the limit is free.
    const next = await createTestRuntime({ processes: [parent, limited], store })
    await next.until((await next.start(limited)).pid, 'interrupted')
    await next.close()
    await store.close()
  })

test('on the command line a store is emptied', async t => {
  const dir = join(await tempDir(t), 'store')
  const runtime = await createRuntime({ processes: [child], store: lowdbStore(dir) })
  for (let n = 0; n < 3; n++) await runtime.start(child)
  await runtime.close()
  const run = (...argv: string[]) => runCli([...argv, '--store', dir])
  t.like(await run('cancel', '--now', '--name', 'child', '--yes'), {
    status: 0,
    stderr: 'stepwright: 3 processes cancelled\n',
  })
  t.like(await run('delete', '--name', 'child', '--yes'), { status: 0 })
  t.deepEqual(await Array.fromAsync(openClient(dir).list()), [])
})
