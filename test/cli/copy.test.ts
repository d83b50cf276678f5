import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { createRuntime, lowdbStore, openClient } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { runCli } from './fake-io.ts'
import { adding, failing, openStore, spawnCli } from './store.ts'

test('copy, then every command on the copy, which is named by its file', async t => {
  const { dir, runtime } = await openStore(t)
  const sum = await runtime.start(adding, { a: 1, b: 2 }, { key: 'sum', labels: { user: '42' } })
  await sum.result()
  await t.throwsAsync((await runtime.start(failing)).result())
  const file = join(dir, '..', 'copy.sqlite')
  t.deepEqual(await runCli(['copy', dir, file]), { status: 0, stdout: '2 processes copied\n', stderr: '' })
  t.deepEqual(await runCli(['copy', dir, file]), {
    status: 0,
    stdout: '0 processes copied, 2 were there already\n',
    stderr: '',
  })

  const [before, after] = await Promise.all([dir, file].map(store => runCli(['list', '--json', '--store', store])))
  t.is(after!.stdout, before!.stdout)
  t.like(JSON.parse((await runCli(['show', sum.pid, '--json', '--store', file])).stdout), {
    output: { sum: 3 },
    key: 'sum',
  })
  t.like(await runCli(['watch', sum.pid, '--store', file]), { status: 0 })
  t.like(await runCli(['logs', sum.pid, '--store', file]), { status: 0, stdout: '' })
  t.deepEqual(
    await spawnCli(['list', '--status', 'cancelled', '--store', file])
      .result()
      .then(({ status, stdout }) => ({ status, stdout })),
    { status: 0, stdout: '' },
  )

  const copy = openClient(file)
  t.deepEqual(await copy.result(sum.pid), { sum: 3 })
  await copy.close()
  const more = await createRuntime({ processes: [adding], store: sqliteStore(file) })
  t.is((await more.start(adding, { a: 5, b: 5 }, { key: 'sum' })).pid, sum.pid)
  await more.close()
})

test('a process that a host has is not copied', async t => {
  const root = await mkdtemp(join(tmpdir(), 'stepwright-cli-'))
  t.teardown(() => rm(root, { recursive: true }))
  const store = lowdbStore(join(root, 'from'))
  const { aRecord } = await import('../../src/testing/conformance/samples.ts')
  const host = await store.openHost()
  const record = aRecord()
  await host.create(record)
  const { status, stderr } = await runCli(['copy', join(root, 'from'), join(root, 'to.sqlite')])
  t.is(status, 2)
  t.true(stderr.includes(record.pid) && stderr.includes('have in hand'), stderr)
  await host.close()
})

test('backup, while the host of the store runs', async t => {
  const { dir, runtime } = await openStore(t)
  const { pid } = await runtime.start(adding, { a: 1, b: 2 })
  await runtime.result(pid)
  const file = join(dir, '..', 'backup.sqlite')
  t.deepEqual(await runCli(['backup', file, '--store', dir]), { status: 0, stdout: '1 process copied\n', stderr: '' })
  t.like(await runCli(['backup', file, '--store', dir]), { status: 2, stdout: '' })
  t.like(await runCli(['backup', dir, '--store', dir]), { status: 2, stdout: '' })
  t.like(await runCli(['result', pid, '--store', file]), { status: 0 })
  t.like(await runCli(['backup', join(dir, '..', 'none'), '--store', join(dir, '..', 'nothing')]), { status: 2 })
})
