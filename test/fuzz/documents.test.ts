// Whatever has become of a chart, a schedule, a command or a host's card, every host opens and
// every reader reads on.
import fs from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import { createRuntime, defineProcess, lowdbStore, openClient, type Store } from 'stepwright'
import { sqliteStore } from 'stepwright/sqlite'
import { createPid } from '../../src/record/pid.ts'
import { readCharts } from '../../src/store/charts.ts'
import { commandState } from '../../src/store/commands.ts'
import type { Collection } from '../../src/store/documents.ts'
import { readMisfits } from '../../src/store/misfits.ts'
import { readSchedules } from '../../src/store/schedules.ts'
import { tempDir } from '../temp-dir.ts'
import { CHANGES, changed, pathsOf } from './damage.ts'
import { IN_THE_WAY } from './in-the-way.ts'

const HOST = 'h00000000001'
const PID = createPid(Date.UTC(2030, 0, 1), () => '0'.repeat(11))
const ID = createPid(Date.UTC(2030, 0, 1), () => '1'.repeat(11))

/** A healthy document of each kind, in its collection. */
const DOCUMENTS: readonly (readonly [Collection, string, object])[] = [
  ['charts', 'tea@1+f00', { name: 'tea', version: '1', shape: 'f00', chart: { id: 'tea', states: { pending: {} } } }],
  [
    'schedules',
    'daily',
    { name: 'daily', schedule: '0 3 * * *', timeZone: 'UTC', missed: 'once', settled: 5, next: 9 },
  ],
  ['pauses', 'mail', { name: 'mail', at: 1 }],
  ['misfits', PID, { pid: PID, host: HOST, reason: 'missing-step', message: 'no', revision: 2, at: 1 }],
  ['hosts', HOST, { id: HOST, osPid: 1, hostname: 'gone', startedAt: 0, bootId: 'x', network: 'x' }],
  ['commands', `${PID}.${ID}`, { pid: PID, id: ID, at: 1, type: 'proceed', step: 'ask', data: { n: 1 } }],
  ['commands', `${PID}.${ID}`, { pid: PID, id: ID, at: 1, type: 'cancel', reason: 'enough' }],
  ['commands', `${PID}.${ID}`, { pid: PID, id: ID, at: 1, type: 'send', event: { type: 'GO' } }],
  ['commands', `${PID}.${ID}`, { refused: { code: 'ERR_X', message: 'no' }, at: 1 }],
]

const CASES = DOCUMENTS.flatMap(([collection, name, document]) =>
  pathsOf(document).flatMap(path =>
    CHANGES.map((change, i) => ({
      collection,
      name,
      text: JSON.stringify(changed(document, path, change)) ?? '',
      what: `${collection} ${path.join('.')} ${i}`,
    })),
  ),
)

const asking = defineProcess({ name: 'asking', schedule: { cron: '@yearly' } }).interrupt('ask')
const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Reads all there is. Only what says so is corrupt. */
async function readAll(t: ExecutionContext, store: Store, what: string): Promise<void> {
  const codes: (string | undefined)[] = []
  const note = ({ error }: { error: Error & { code?: string } }): void => void codes.push(error.code)
  await readCharts(store.documents, note)
  await readSchedules(store.documents, note)
  await readMisfits(store.documents, note)
  await commandState(store.documents, PID, ID).catch((error: Error) => note({ error }))
  t.deepEqual(
    codes.filter(code => code !== 'ERR_STORE_CORRUPT'),
    [],
    what,
  )
  const client = openClient(store)
  await client.schedules()
  for (const { id, startedAt } of await client.hosts())
    t.true(id.startsWith('h') && (startedAt === undefined || !Number.isNaN(Date.parse(startedAt))), what)
}

async function opens(t: ExecutionContext, store: Store, what: string): Promise<void> {
  const runtime = await createRuntime({ processes: [asking], store, logger: silent })
  const { pid } = await runtime.start(asking)
  for await (const { status, host } of runtime.watch(pid)) {
    t.is(host?.state, 'alive', what)
    if (status === 'interrupted') break
  }
  t.is(await runtime.proceed(pid), 'taken', what)
  await runtime.result(pid)
  await runtime.close()
}

/** Stores that are damaged at the same time: whoever reads a damaged card waits a second for its host. */
const LANES = 100

test('lowdb: a damaged document is in nobody\u2019s way', async t => {
  const root = await tempDir(t)
  const lane = async (number: number): Promise<void> => {
    const dir = join(root, `store-${number}`)
    await (await lowdbStore(dir).openHost()).close()
    for (let i = number; i < CASES.length; i += LANES) {
      const { collection, name, text, what } = CASES[i]!
      const file = join(dir, collection, `${name}.json`)
      fs.mkdirSync(join(dir, collection), { recursive: true })
      fs.writeFileSync(file, text)
      await readAll(t, lowdbStore(dir), what)
      if (i % 25 === 0) await opens(t, lowdbStore(dir), what)
      fs.rmSync(file, { force: true })
    }
  }
  await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
})

test('sqlite: a damaged document is in nobody\u2019s way', async t => {
  const file = join(await tempDir(t), 'store.sqlite')
  await (await sqliteStore(file).openHost()).close()
  const db = new DatabaseSync(file)
  const put = db.prepare('INSERT OR REPLACE INTO documents (collection, name, document) VALUES (?, ?, ?)')
  const store = sqliteStore(file)
  for (const [i, { collection, name, text, what }] of CASES.entries()) {
    put.run(collection, name, text)
    await readAll(t, store, what)
    if (i % 25 === 0) await opens(t, sqliteStore(file), what)
    db.exec('DELETE FROM documents')
  }
  await store.close()
  db.close()
})

test('lowdb: neither a folder, a pipe, a link nor a device in place of a document is in anybody\u2019s way', async t => {
  const dir = join(await tempDir(t), 'store')
  await (await lowdbStore(dir).openHost()).close()
  for (const [collection, name] of DOCUMENTS) {
    const file = join(dir, collection, `${name}.json`)
    fs.mkdirSync(join(dir, collection), { recursive: true })
    for (const make of IN_THE_WAY) {
      make(file)
      await readAll(t, lowdbStore(dir), `${collection} ${make.name}`)
      await opens(t, lowdbStore(dir), `${collection} ${make.name}`)
      fs.rmSync(file, { recursive: true, force: true })
    }
  }
})
