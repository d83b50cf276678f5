import test, { type ExecutionContext } from 'ava'
import { defineProcess, lowdbStore, openClient, type RuntimeEvents, type Store } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { sweepMisfits } from '../../src/store/misfits.ts'
import { createTestRuntime, memoryStore } from '../../src/testing/index.ts'
import { processDetails } from '../../src/cli/render/process-details.ts'
import { tempDir } from '../temp-dir.ts'
import { settled } from './gate.ts'

const before = defineProcess({ name: 'report', version: '1' })
  .step('collect', () => 1)
  .interrupt('check')
const after = defineProcess({ name: 'report', version: '1' })
  .step('collect', () => 1)
  .step('print', () => 2)

const stores: Readonly<Record<string, (t: ExecutionContext) => Promise<Store>>> = {
  memory: async () => memoryStore(),
  lowdb: async t => lowdbStore(await tempDir(t)),
  sqlite: async t => sqliteStore(`${await tempDir(t)}/store.sqlite`),
}

for (const [kind, makeStore] of Object.entries(stores))
  test(`a host says once why it leaves a process alone, and readers see it as long as it holds (${kind})`, async t => {
    const store = await makeStore(t)
    const old = await createTestRuntime({ processes: [before], store })
    const { pid } = await old.start(before)
    await old.until(pid, 'interrupted')
    await old.close()

    const warnings: string[] = []
    const logger = {
      debug() {},
      info() {},
      error() {},
      warn: (_: object, message: string) => void warnings.push(message),
    }
    const events: RuntimeEvents['misfit'][] = []
    const runtime = await createTestRuntime({ processes: [after], store, logger })
    runtime.on('misfit', event => events.push(event))
    await settled()
    const message = "there is no step 'check' any more"
    t.deepEqual(warnings, [`Process ${pid} (report, version 1) is left alone: ${message}`])
    t.deepEqual(events, [{ pid, name: 'report', version: '1', reason: 'missing-step', message }])
    const client = openClient(store)
    let misfit = (await client.get(pid))?.misfit
    while (misfit === undefined) misfit = (await client.get(pid))?.misfit
    t.like(misfit, { reason: 'missing-step', message })
    for await (const info of client.list()) t.deepEqual(info.misfit, misfit)
    for await (const info of client.watch(pid)) {
      t.deepEqual(info.misfit, misfit)
      const page = processDetails(info, { width: Infinity, now: 0, paint: (_, text) => text }).join('\n')
      t.true(page.includes(`none: host ${misfit.host} left it alone, since ${message}`), page)
      break
    }
    await runtime.close()

    const again = await createTestRuntime({ processes: [before], store })
    t.is((await client.get(pid))?.misfit, undefined)
    await again.proceed(pid)
    await again.result(pid)
    t.is((await store.documents.list('misfits')).length, 1)
    await sweepMisfits(store)
    t.deepEqual(await store.documents.list('misfits'), [])
    await again.close()
    await store.close()
  })

test('a process of another application is none of its business', async t => {
  const store = memoryStore()
  const old = await createTestRuntime({ processes: [before], store })
  const { pid } = await old.start(before)
  await old.until(pid, 'interrupted')
  await old.close()
  const warnings: string[] = []
  const logger = {
    debug() {},
    info() {},
    error() {},
    warn: (_: object, message: string) => void warnings.push(message),
  }
  const other = await createTestRuntime({
    processes: [defineProcess({ name: 'other' }).step('do', () => 1)],
    store,
    logger,
  })
  await settled()
  t.deepEqual(warnings, [])
  t.is((await other.get(pid))?.misfit, undefined)
  await other.close()
})
