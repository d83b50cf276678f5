import { resolve } from 'node:path'
import test from 'ava'
import { defineProcess, openClient, typed } from '../../src/index.ts'
import { createTestRuntime, memoryStore } from '../../src/testing/index.ts'
import { settled } from '../runtime/gate.ts'
import { tempDir } from '../temp-dir.ts'

const asker = defineProcess({ name: 'asker', input: typed<number>() })
  .step('s', ({ data }) => ({ data }))
  .interrupt('ask')

async function started(count = 1) {
  const store = memoryStore()
  const runtime = await createTestRuntime({ processes: [asker], store })
  const pids: string[] = []
  for (let n = 0; n < count; n++) {
    await runtime.clock.advance(1)
    const { pid } = await runtime.start(asker, n)
    await runtime.until(pid, 'interrupted')
    pids.push(pid)
  }
  return { store, runtime, pids, pid: pids[0]!, client: openClient(store) }
}

test('opening refuses what is neither a directory nor a store, and shows it', t => {
  for (const [wrong, shown] of [
    [5, /5/],
    [null, /null/],
    [{ dir: 'x' }, /dir: 'x'/],
    [Symbol('s'), /Symbol\(s\)/],
    ['', /""|''/],
  ] as const)
    t.throws(() => openClient(wrong as never), { instanceOf: TypeError, message: shown })
})

test('a store that is missing is an error with its absolute path, for every method', async t => {
  const dir = await tempDir(t)
  const client = openClient(`${dir}/nowhere`)
  const missing = { code: 'ERR_STORE_MISSING', message: new RegExp(`${resolve(dir)}/nowhere`) } as const
  const pid = '0'.repeat(20)
  await t.throwsAsync(client.get(pid), missing)
  await t.throwsAsync(client.history(pid), missing)
  await t.throwsAsync(client.result(pid), missing)
  await t.throwsAsync(client.delete(pid), missing)
  await t.throwsAsync(client.find(pid), missing)
  await t.throwsAsync(Array.fromAsync(client.list()), missing)
  await t.throwsAsync(Array.fromAsync(client.watch(pid)), missing)
  await client.close()
})

test('a pid that is not there is undefined to get, an error to the others; what is no string is refused', async t => {
  const { client } = await started()
  for (const pid of ['0'.repeat(20), '', '../..', 'x\u001b[31m', '\0']) {
    t.is(await client.get(pid), undefined)
    for (const call of [
      client.history(pid),
      client.result(pid),
      client.delete(pid),
      Array.fromAsync(client.watch(pid)),
    ]) {
      const error = await t.throwsAsync(call, { code: 'ERR_UNKNOWN_PROCESS' })
      // oxlint-disable-next-line no-control-regex
      t.notRegex(error.message, /[\u0000-\u001f]/)
    }
  }
  for (const wrong of [5, undefined, null, {}])
    for (const call of [
      client.get(wrong as never),
      client.history(wrong as never),
      client.result(wrong as never),
      client.delete(wrong as never),
    ])
      await t.throwsAsync(call, { instanceOf: TypeError, message: /pid/ })
})

test('lists newest first, at most as many as asked for', async t => {
  const { client, pids } = await started(5)
  const list = async (options?: object) => (await Array.fromAsync(client.list(options))).map(({ pid }) => pid)
  t.deepEqual(await list(), pids.toReversed())
  t.deepEqual(await list({ limit: 2 }), pids.toReversed().slice(0, 2))
  t.deepEqual(await list({ limit: 0 }), [])
  t.deepEqual(await list({ limit: Infinity, status: 'interrupted' }), pids.toReversed())
  t.deepEqual(await list({ status: [] }), [])
  t.deepEqual(await list({ name: 'other' }), [])
})

test('list refuses wrong options and shows them', async t => {
  const { client } = await started()
  const WRONG: [unknown, RegExp][] = [
    [null, /null/],
    ['running', /'running'/],
    [{ stauts: 'running' }, /'stauts'/],
    [{ status: 'runing' }, /running.*'runing'/],
    [{ status: ['running', 5] }, /5/],
    [{ status: 5 }, /5/],
    [{ limit: -1 }, /-1/],
    [{ limit: Number.NaN }, /NaN/],
    [{ limit: '5' }, /'5'/],
    [{ limit: 1.5 }, /1\.5/],
    [{ limit: null }, /null/],
    [{ name: 5 }, /5/],
    [{ labels: 'x' }, /'x'/],
    [{ labels: { a: 1 } }, /a: 1/],
    [{ onCorrupt: 5 }, /5/],
  ]
  for (const [options, message] of WRONG)
    await t.throwsAsync(Array.fromAsync(client.list(options as never)), { instanceOf: TypeError, message })
  await t.throwsAsync(client.result('x', { signal: 5 } as never), { instanceOf: TypeError, message: /signal.*5/ })
  await t.throwsAsync(Array.fromAsync(client.watch('x', { timeout: 5 } as never)), {
    instanceOf: TypeError,
    message: /'timeout'/,
  })
})

test('a signal ends a wait with its reason, before and while it waits', async t => {
  const { client, pid, runtime } = await started()
  const reason = new Error('enough')
  await t.throwsAsync(client.result(pid, { signal: AbortSignal.abort(reason) }), { is: reason })
  const stop = new AbortController()
  const waits = [
    client.result(pid, { signal: stop.signal }),
    Array.fromAsync(client.watch(pid, { signal: stop.signal })),
    runtime.result(pid, { signal: stop.signal }),
  ]
  const refused = waits.map(wait => t.throwsAsync(wait as Promise<unknown>, { is: reason }))
  await settled()
  stop.abort(reason)
  await Promise.all(refused)
})

test('closing ends the waits of this client and of nobody else', async t => {
  const { client, pid, runtime, store } = await started()
  const other = openClient(store)
  const mine = [client.result(pid), Array.fromAsync(client.watch(pid))].map(wait =>
    t.throwsAsync(wait as Promise<unknown>, { code: 'ERR_CLIENT_CLOSED' }),
  )
  const theirs = [other.result(pid), runtime.result(pid)]
  await settled()
  await client.close()
  await Promise.all(mine)
  await runtime.proceed(pid, 'on')
  t.deepEqual(await Promise.all(theirs), ['on', 'on'])
  await other.close()
})

test("a deleted process is unknown; infos are the reader's own", async t => {
  const { client, pid, runtime } = await started()
  const info = await client.get(pid)
  Object.assign(info?.output as object, { data: 99 })
  t.deepEqual((await client.get(pid))?.output, { data: 0 })
  await runtime.proceed(pid)
  const watched = await Array.fromAsync(client.watch(pid))
  t.deepEqual(
    watched.map(({ status }) => status),
    ['finished'],
  )
  await client.delete(pid)
  await t.throwsAsync(client.result(pid), { code: 'ERR_UNKNOWN_PROCESS' })
})
