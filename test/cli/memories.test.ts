import test from 'ava'
import { defineProcess } from '../../src/index.ts'
import { runCli } from './fake-io.ts'
import { openStore } from './store.ts'

test('show lists what a running step has done once, newest last; history has all of it', async t => {
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const crawl = defineProcess({ name: 'crawl' })
    .step('begin', ({ once }) => once('ready', () => true))
    .step('fetch', async ({ once }) => {
      for (let page = 0; page < 15; page++) await once(`page-${page}`, () => page)
      await once('\u001B[31mred', () => 1)
      reached.resolve()
      await gate.promise
    })
    .each(
      'mail',
      () => ['ada', 'bob'],
      ({ once }) => once('charge', () => 1),
      { concurrency: 1 },
    )
  const { dir, runtime } = await openStore(t, crawl)
  const job = await runtime.start(crawl)
  await reached.promise
  const { stdout } = await runCli(['show', job.pid, '--store', dir], { now: () => Date.now() })
  const section = stdout.slice(stdout.indexOf('Done once'), stdout.indexOf('Input'))
  t.true(section.includes('6 earlier ones'))
  t.deepEqual(
    [...section.matchAll(/fetch +(\S+)/g)].map(([, name]) => name),
    [...Array.from({ length: 9 }, (_, i) => `page-${i + 6}`), String.raw`\x1b[31mred`],
  )
  t.false(section.includes('ready'), 'of steps that have finished')
  gate.resolve()
  await job.result()
  t.false((await runCli(['show', job.pid, '--store', dir])).stdout.includes('Done once'))

  const memories = await runtime.memories(job.pid)
  t.deepEqual(
    memories.map(({ step, item, name }) => [step, item, name]),
    [
      ['begin', undefined, 'ready'],
      ...Array.from({ length: 15 }, (_, i) => ['fetch', undefined, `page-${i}`]),
      ['fetch', undefined, '\u001B[31mred'],
      ['mail', 0, 'charge'],
      ['mail', 1, 'charge'],
    ],
  )
  t.true(memories.every(({ at, ms }) => !Number.isNaN(Date.parse(at)) && ms !== undefined && ms >= 0))
  const history = (await runCli(['history', job.pid, '--store', dir])).stdout
  t.regex(history, /^\d+ REMEMBER fetch \(page-3\) /m)
  t.regex(history, /^\d+ REMEMBER mail \(0:charge\) /m)
  const json = (await runCli(['history', job.pid, '--json', '--store', dir])).stdout
  t.true(json.includes('"memory":[{"step":"fetch","name":"page-14","at":'))
  await t.throwsAsync(runtime.memories('nothing'), { code: 'ERR_UNKNOWN_PROCESS' })
})

test('a fork has what it inherits', async t => {
  let broken = true
  const pay = defineProcess({ name: 'pay' }).step('pay', async ({ once }) => {
    await once('charge', () => 1)
    if (broken) throw new Error('mail')
  })
  const { runtime } = await openStore(t, pay)
  const job = await runtime.start(pay)
  await job.result().catch(() => {})
  broken = false
  const fork = await runtime.fork(job.pid)
  await runtime.result(fork)
  t.deepEqual(
    (await runtime.memories(fork)).map(({ step, name }) => [step, name]),
    [['pay', 'charge']],
  )
  const fresh = await runtime.fork(job.pid, { fresh: true })
  await runtime.result(fresh)
  t.is((await runtime.memories(fresh)).length, 1)
  t.is((await runtime.history(fresh))[0]?.memory, undefined)
})
