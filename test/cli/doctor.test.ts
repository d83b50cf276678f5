import fs from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'ava'
import { copyStore, createRuntime, defineProcess, lowdbStore } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { created } from '../../src/testing/conformance/samples.ts'
import { runCli } from './fake-io.ts'
import { adding, openStore } from './store.ts'

const doctor = async (store: string, ...flags: string[]) => {
  const { status, stdout } = await runCli(['doctor', '--json', '--store', store, ...flags])
  return { status, found: JSON.parse(stdout) as { code: string; message: string; movedTo?: string; advice?: string }[] }
}

test('doctor tells of all that is damaged, and moves it aside with --repair, once', async t => {
  const { dir, runtime } = await openStore(t)
  const [good, bad, keyed] = [
    await runtime.start(adding, { a: 1, b: 1 }),
    await runtime.start(adding, { a: 1, b: 2 }),
    await runtime.start(adding, { a: 1, b: 3 }, { key: 'k' }),
  ]
  for (const job of [good, bad, keyed]) await job.result()
  await runtime.close()
  t.deepEqual(await doctor(dir), { status: 0, found: [] })
  const ended = (pid: string): string => join(dir, 'ended', pid.slice(0, 4), `${pid}.finished.jsonl`)
  // A list reads only the first line and the newest: this one makes no sense in between.
  const lines = fs.readFileSync(ended(bad.pid), 'utf8').split('\n')
  fs.writeFileSync(ended(bad.pid), [lines[0], '{"no":"line"}', ...lines.slice(1)].join('\n'))
  fs.writeFileSync(ended(keyed.pid), '')
  const files = ['charts/odd.json', 'commands/odd.json', 'hosts/h00000000000.json', `keys/${'0'.repeat(64)}`]
  for (const file of files) {
    fs.mkdirSync(join(dir, file, '..'), { recursive: true })
    if (file.startsWith('keys')) fs.mkdirSync(join(dir, file))
    else fs.writeFileSync(join(dir, file), '{}')
  }
  const { status, found } = await doctor(dir)
  t.is(status, 1)
  for (const name of [bad.pid, keyed.pid, ...files])
    t.is(found.filter(({ message }) => message.includes(name)).length, 1, name)
  t.is(found.length, 6)
  t.true(
    found.every(
      ({ code, movedTo, advice }) =>
        code === 'ERR_STORE_CORRUPT' && movedTo === undefined && advice?.includes('--repair'),
    ),
  )
  const repaired = await doctor(dir, '--repair')
  t.is(repaired.status, 0)
  t.true(repaired.found.every(({ movedTo }) => movedTo?.startsWith(join(dir, 'lost+found/')) && fs.existsSync(movedTo)))
  t.deepEqual(await doctor(dir), { status: 0, found: [] })
  t.is(fs.readdirSync(join(dir, 'lost+found')).length, 6, 'nothing was deleted')
  const again = await createRuntime({ processes: [adding], store: lowdbStore(dir) })
  const fresh = await again.start(adding, { a: 1, b: 1 }, { key: 'k' })
  t.not(fresh.pid, keyed.pid, 'its key is free')
  await fresh.result()
  await again.close()
})

test('doctor leaves alone what a living host writes, and tells of what a dead one left', async t => {
  const { dir } = await openStore(t)
  const host = await lowdbStore(dir).openHost()
  const [bad, good] = [await created(host), await created(host)]
  const file = join(dir, 'active', host.hostId, `${bad.pid}.jsonl`)
  fs.writeFileSync(file, 'garbage\n')
  const alive = await doctor(dir, '--repair')
  t.like(alive, { status: 1, found: [{ advice: 'It was not moved: stop the host that writes it first.' }] })
  t.true(fs.existsSync(file))
  await host.close()
  const dead = await doctor(dir, '--repair')
  t.is(dead.status, 1)
  t.true(dead.found[0]!.movedTo?.includes(bad.pid))
  t.like(dead.found[1], {
    code: 'ERR_HOST_DIED',
    message: `Host ${host.hostId} is dead and has 1 process of ${good.name}.`,
  })
  t.is(dead.found.length, 2)
})

test('doctor of a SQLite store moves rows to lost_and_found', async t => {
  const { dir, runtime } = await openStore(t)
  const [good, bad] = [
    await runtime.start(adding, { a: 1, b: 1 }),
    await runtime.start(adding, { a: 1, b: 2 }, { key: 'k' }),
  ]
  for (const job of [good, bad]) await job.result()
  await runtime.close()
  const file = join(dir, '..', 'copy.sqlite')
  await copyStore(lowdbStore(dir), sqliteStore(file))
  t.deepEqual(await doctor(file), { status: 0, found: [] })
  const db = new DatabaseSync(file)
  db.exec(
    `UPDATE lines SET line = 'garbage' WHERE revision = 2 AND process = (SELECT id FROM processes WHERE pid = '${bad.pid}')`,
  )
  db.exec("INSERT INTO documents VALUES ('schedules', 'odd', 'garbage')")
  t.is((await doctor(file)).status, 1)
  const { status, found } = await doctor(file, '--repair')
  t.is(status, 0)
  t.is(found.length, 2)
  t.deepEqual(await doctor(file), { status: 0, found: [] })
  const lost = db.prepare('SELECT collection, name, content FROM lost_and_found ORDER BY id').all() as {
    collection: string
    name: string
    content: string
  }[]
  t.like(lost, [
    { collection: 'processes', name: bad.pid },
    { collection: 'schedules', name: 'odd', content: 'garbage' },
  ])
  t.true(lost[0]!.content.includes('\ngarbage\n'))
  db.close()
})

test('doctor in words', async t => {
  const { dir, runtime } = await openStore(t)
  await (await runtime.start(adding, { a: 1, b: 1 })).result()
  await runtime.close()
  t.deepEqual(await runCli(['doctor', '--store', dir]), {
    status: 0,
    stdout: '',
    stderr: 'stepwright: nothing is wrong\n',
  })
  fs.writeFileSync(join(dir, 'charts/odd.json'), '{}')
  const told = await runCli(['doctor', '--store', dir])
  t.is(told.status, 1)
  t.regex(told.stdout, /charts\/odd\.json cannot be understood[^\n]*\n  To move it out of the way, add --repair\.\n$/)
  t.is(told.stderr, 'stepwright: 1 thing is wrong\n')
  const repaired = await runCli(['doctor', '--repair', '--store', dir])
  t.is(repaired.status, 0)
  t.regex(repaired.stdout, /\n  Moved to [^\n]*lost\+found\/odd\.json\.[0-9a-z]{11}\n$/)
  t.is(repaired.stderr, 'stepwright: 1 thing is wrong, 1 moved out of the way\n')
})

test('doctor finds places that nobody has', async t => {
  const one = defineProcess({ name: 'one', limit: { concurrency: 1 } }).interrupt('wait')
  const { dir, runtime } = await openStore(t, one)
  const job = await runtime.start(one)
  for await (const { status } of runtime.watch(job.pid)) if (status === 'interrupted') break
  t.deepEqual(await doctor(dir), { status: 0, found: [] })
  const [limit = ''] = fs.readdirSync(join(dir, 'limits'))
  const place = (number: number): string => join(dir, 'limits', limit, `${number}`)
  t.deepEqual(fs.readdirSync(join(dir, 'limits', limit)), ['0'])
  fs.writeFileSync(place(1), '')
  fs.writeFileSync(place(2), '{"pid":"aou70wpeao0dna1nhixf","at":1}')
  fs.writeFileSync(place(3), '{"pid":"aou70wpeao0dna1nhixf","at":1,"kept":true}')
  const { status, found } = await doctor(dir, '--repair')
  t.is(status, 0)
  t.deepEqual(
    found.map(({ message }) => [1, 2].filter(number => message.includes(place(number)))),
    [[1], [2]],
  )
  t.deepEqual(fs.readdirSync(join(dir, 'limits', limit)).toSorted(), ['0', '3'])
  await job.cancel()
})
