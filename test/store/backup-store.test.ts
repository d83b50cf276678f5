import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import {
  backupStore,
  createRuntime,
  defineProcess,
  lowdbStore,
  openClient,
  typed,
  type Store,
} from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { memoryStore } from '../../src/store/memory/memory-store.ts'
import { makePostgresStore } from '../postgres/store.ts'
import { tempDir } from './helpers.ts'

const fold = defineProcess({ name: 'fold', input: typed<{ n: number }>() })
  .step('first', async ({ data }) => {
    await setTimeout(data.n % 3)
    return data.n
  })
  .step('second', ({ data }) => data * 2)

const letter = defineProcess({ name: 'letter', input: typed<{ n: number }>() })
  .step('write', async ({ data }) => {
    await setTimeout(data.n % 5)
    return data
  })
  .process('fold', fold)
  .each(
    'stamps',
    ({ data }) => [data, data + 1],
    async ({ data }) => {
      await setTimeout(1)
      return data
    },
  )
  .step('post', ({ data }) => data.length)

/** Give what opens an empty store, again and again. */
const makers: Record<string, (t: ExecutionContext, name: string) => Promise<(() => Store) | undefined>> = {
  async memory() {
    const store = memoryStore()
    return () => store
  },
  async lowdb(t, name) {
    const dir = join(tempDir(t), name)
    return () => lowdbStore(dir)
  },
  async sqlite(t, name) {
    const file = join(tempDir(t), `${name}.sqlite`)
    return () => sqliteStore(file)
  },
  async postgres(t) {
    const tried = await makePostgresStore()
    t.teardown(async () => tried?.cleanup())
    return tried && (() => tried.store)
  },
}

for (const [fromKind, toKind] of [
  ['memory', 'memory'],
  ['lowdb', 'lowdb'],
  ['lowdb', 'sqlite'],
  ['sqlite', 'sqlite'],
  ['postgres', 'lowdb'],
] as const)
  test(`under load, every process of a backup can go on: ${fromKind} to ${toKind}`, async t => {
    const from = await makers[fromKind]!(t, 'from')
    const to = await makers[toKind]!(t, 'to')
    if (from === undefined || to === undefined) return t.log('no PostgreSQL for this platform')
    const runtime = await createRuntime({ processes: [letter, fold], store: from() })
    t.teardown(() => runtime.close())
    const before: string[] = []
    for (let n = 0; n < 40; n++) before.push((await runtime.start(letter, { n }, { key: `letter-${n}` })).pid)
    // Others begin all the time meanwhile.
    const over = new AbortController()
    const load = (async () => {
      for (let n = 40; !over.signal.aborted && n < 2_000; n++) {
        await runtime.start(letter, { n }, { key: `letter-${n}` })
        await setTimeout(1)
      }
    })()
    const copied = await backupStore(from(), to())
    over.abort()
    await load
    t.true(copied >= 40)

    const restored = await createRuntime({ processes: [letter, fold], store: to() })
    t.teardown(() => restored.close())
    const seen = new Set<string>()
    for await (const { pid } of restored.list()) {
      seen.add(pid)
      await t.notThrowsAsync(restored.result(pid), pid)
    }
    for (const [n, pid] of before.entries()) {
      t.true(seen.has(pid))
      t.is((await restored.start(letter, { n }, { key: `letter-${n}` })).pid, pid)
    }
  })

test('a backup does not go into a store that has processes, nor onto itself', async t => {
  const store = lowdbStore(tempDir(t))
  const runtime = await createRuntime({ processes: [fold], store })
  t.teardown(() => runtime.close())
  await runtime.start(fold, { n: 1 })
  await t.throwsAsync(backupStore(memoryStore(), store), { code: 'ERR_NOT_EMPTY', message: /has processes already/ })
  await t.throwsAsync(backupStore(store, store), { instanceOf: TypeError })
  const client = openClient(store)
  t.is((await Array.fromAsync(client.list())).length, 1)
})
