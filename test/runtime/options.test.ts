import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { createRuntime, defineProcess, lowdbStore, openClient } from '../../src/index.ts'
import { createTestRuntime, memoryStore } from '../../src/testing/index.ts'
import { tempDir } from '../temp-dir.ts'

const plain = defineProcess({ name: 'plain' }).step('s', () => 1)
class Needs {
  readonly db: object
  constructor(db: object) {
    this.db = db
  }
  execute() {
    return 1
  }
}
const needy = defineProcess({ name: 'needy' }).step('s', { class: Needs, services: ['db'] })

const WRONG: [string, unknown, RegExp][] = [
  ['no object', 'x', /'x'/],
  ['unknown option', { processes: [], concurency: 3 }, /concurrency.*'concurency'/],
  ['no array', { processes: plain }, /processes.*array/],
  ['no definition', { processes: [{ name: 'x' }] }, /defineProcess\(\).*name: 'x'/],
  ['empty definition', { processes: [defineProcess({ name: 'empty' })] }, /'empty' has no steps/],
  ['twice', { processes: [plain, plain] }, /'plain' version '1' is given twice/],
  ['missing service', { processes: [needy], services: { other: 1 } }, /'needy' needs 'db'.*other/],
  ['concurrency', { processes: [], concurrency: 0 }, /concurrency.*received 0/],
  ['concurrency', { processes: [], concurrency: '5' }, /concurrency.*received '5'/],
  ['recover', { processes: [], recover: true }, /recover.*received true/],
  ['maxRecoveries', { processes: [], maxRecoveries: -1 }, /maxRecoveries.*received -1/],
  ['retention', { processes: [], retention: '10 hours' }, /retention.*'10 hours'/],
  ['services', { processes: [], services: 5 }, /services.*received 5/],
  ['store', { processes: [], store: { get() {} } }, /store.*path or a store.*get/],
  ['store', { processes: [], store: '' }, /path, got ''/],
  ['inspect', { processes: [], inspect: 'yes' }, /inspect.*'yes'/],
  ['inspect', { processes: [], inspect: null }, /inspect.*null/],
  ['inspect', { processes: [], inspect: { inspect: 5 } }, /inspect of createRuntime.*received 5/],
]
for (const [name, options, message] of WRONG) {
  test(`createRuntime refuses wrong options: ${name} ${String(message)}`, async t => {
    await t.throwsAsync(createRuntime(options as never), { instanceOf: TypeError, message })
  })
}

test('a runtime that was refused leaves no store behind', async t => {
  const dir = join(await tempDir(t), 'store')
  await t.throwsAsync(createRuntime({ processes: [plain, plain], store: lowdbStore(dir) }), { instanceOf: TypeError })
  await t.throwsAsync(createRuntime({ processes: [needy], store: lowdbStore(dir) } as never), { instanceOf: TypeError })
  await t.throwsAsync(access(dir), { code: 'ENOENT' })
})

for (const name of ['folder', 'file.sqlite']) {
  test(`the path of a store is as good as the store, and what was opened by it is closed: ${name}`, async t => {
    const dir = await tempDir(t)
    const runtime = await createRuntime({ processes: [plain], store: join(dir, name) })
    const { pid } = await runtime.start(plain)
    t.is(await runtime.result(pid), 1)
    await runtime.close()
    // SQLite removes its write-ahead log with the last connection.
    t.false((await readdir(dir)).includes(`${name}-wal`))
    const client = openClient(join(dir, name))
    t.teardown(() => client.close())
    t.is(await client.result(pid), 1)
  })
}

test('start refuses wrong arguments and leaves nothing behind', async t => {
  const runtime = await createTestRuntime({ processes: [plain] })
  const start = (definition: unknown, options?: unknown) =>
    runtime.start(definition as never, undefined, options as never)
  const refused = (call: Promise<unknown>, message: RegExp) => t.throwsAsync(call, { instanceOf: TypeError, message })
  await refused(start('plain'), /'plain'/)
  await refused(start(plain, null), /null/)
  await refused(start(plain, { keys: 'x' }), /'keys'/)
  await refused(start(plain, { key: '' }), /key.*''/)
  await refused(start(plain, { key: 5 }), /key.*5/)
  await refused(start(plain, { key: 'x'.repeat(1025) }), /key.*1024/)
  await refused(start(plain, { timeout: 'soon' }), /timeout.*'soon'/)
  await refused(start(plain, { labels: { a: 1 } }), /labels.*a: 1/)
  await refused(start(plain, { labels: ['a'] }), /labels.*\[ 'a' \]/)
  t.deepEqual(await Array.fromAsync(runtime.list()), [])
})

test('a definition that this runtime does not know is refused, also one that only has the same name', async t => {
  const runtime = await createTestRuntime({ processes: [plain] })
  const other = defineProcess({ name: 'other', version: '3' }).step('s', () => 1)
  await t.throwsAsync(runtime.start(other), {
    code: 'ERR_UNKNOWN_DEFINITION',
    message: /'other' version '3'.*createRuntime/,
  })
  const twin = defineProcess({ name: 'plain' }).step('s', () => 2)
  await t.throwsAsync(runtime.start(twin), {
    code: 'ERR_UNKNOWN_DEFINITION',
    message: /another object.*or change the version/,
  })
})

test('close, cancel and subscribe refuse wrong arguments', async t => {
  const runtime = await createTestRuntime({ processes: [plain] })
  const job = await runtime.start(plain)
  await t.throwsAsync(runtime.close({ within: 'soon' as never }), { instanceOf: TypeError, message: /within.*'soon'/ })
  await t.throwsAsync(runtime.close({ withn: 1 } as never), { instanceOf: TypeError, message: /withn/ })
  await t.throwsAsync(runtime.close(null as never), { instanceOf: TypeError, message: /null/ })
  await t.throwsAsync(job.cancel(5 as never), { instanceOf: TypeError, message: /5/ })
  t.throws(() => job.subscribe(undefined as never), { instanceOf: TypeError, message: /undefined/ })
  await t.throwsAsync(createTestRuntime({ processes: [], clock: 5 as never }), {
    instanceOf: TypeError,
    message: /clock.*5/,
  })
  await runtime.close()
})

test('a store that cannot be opened is told as it is', async t => {
  const inner = memoryStore()
  const broken = {
    ...inner,
    openHost: async () => {
      throw new Error('no disk')
    },
  } as never
  await t.throwsAsync(createRuntime({ processes: [plain], store: broken }), { message: 'no disk' })
})
