import test from 'ava'
import parse from 'parse-prometheus-text-format'
import { createRuntime, defineProcess } from '../../src/index.ts'
import { dashboard } from '../../src/dashboard/index.ts'
import { openMetrics } from '../../src/metrics/open-metrics.ts'
import { storeMetrics } from '../../src/metrics/store-metrics.ts'
import { createdAtOf } from '../../src/record/pid.ts'
import { putSchedule } from '../../src/store/schedules.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { runCli } from '../cli/fake-io.ts'
import { adding, failing, openStore } from '../cli/store.ts'

const valuesOf = (text: string, name: string): unknown =>
  Object.fromEntries(
    parse(text)
      .find(family => family.name === name)!
      .metrics.map(({ labels = {}, value }) => [Object.values(labels).join(' '), Number(value)]),
  )

test('processes by name and status, the oldest pending one, hosts and schedules', async t => {
  const store = memoryStore()
  const greet = defineProcess({ name: 'greet' }).step('hello', () => 'hello')
  const review = defineProcess({ name: 'review' }).step('read', () => 1, { interrupt: true })
  const runtime = await createRuntime({ processes: [greet, review], store })
  for (let n = 0; n < 2; n++) await (await runtime.start(greet)).result()
  const { pid } = await runtime.start(review)
  for await (const { status } of runtime.watch(pid)) if (status === 'interrupted') break
  const waiting = await runtime.submit('later', null)
  await runtime.submit('later', null)
  const now = createdAtOf(waiting) + 90_000
  await putSchedule(store.documents, {
    name: 'chime',
    schedule: '@hourly',
    missed: 'skip',
    settled: now,
    next: now + 2500,
  })
  await putSchedule(store.documents, {
    name: 'late',
    schedule: 'every 60s',
    missed: 'skip',
    settled: 0,
    next: now - 1000,
  })
  await putSchedule(store.documents, { name: 'over', schedule: '0 0 1 1 * 2000', missed: 'skip', settled: now })

  const text = await storeMetrics(store, now)
  t.deepEqual(valuesOf(text, 'stepwright_processes'), {
    'greet finished': 2,
    'later pending': 2,
    'review interrupted': 1,
  })
  t.deepEqual(valuesOf(text, 'stepwright_oldest_pending_age_seconds'), { later: 90 })
  t.deepEqual(valuesOf(text, 'stepwright_hosts'), { alive: 1, dead: 0, unresponsive: 0, unknown: 0 })
  t.deepEqual(valuesOf(text, 'stepwright_schedule_next_seconds'), { chime: 2.5, late: -1 })
  t.false(text.includes(pid))
  t.true(text.endsWith('\n# EOF\n'))
  await runtime.close()
})

test('labels are escaped', t => {
  const value = 'a "quoted" \\ name\nin two lines'
  const text = openMetrics([{ name: 'some', help: 'Some.', samples: [{ labels: { name: value }, value: 1 }] }])
  t.is(parse(text)[0]!.metrics[0]!.labels!['name'], value)
})

test('the command prints them, and says if there is no store', async t => {
  const { dir, runtime } = await openStore(t)
  await (await runtime.start(adding, { a: 1, b: 2 })).result()
  await t.throwsAsync((await runtime.start(failing)).result())
  const { status, stdout } = await runCli(['metrics', '--store', dir])
  t.is(status, 0)
  t.deepEqual(valuesOf(stdout, 'stepwright_processes'), { 'adding finished': 1, 'failing error': 1 })
  t.like(await runCli(['metrics', '--store', `${dir}-not-there`]), { status: 2, stdout: '' })
})

test('the page serves them to those who have its token', async t => {
  const store = memoryStore()
  const page = dashboard({ store, path: '/processes' })
  t.teardown(() => page.close())
  const ask = (headers: Record<string, string>, method = 'GET') =>
    page.fetch(new Request('http://127.0.0.1:4040/processes/metrics', { headers, method }))
  t.is((await ask({})).status, 401)
  const bearer = { authorization: `Bearer ${page.token}` }
  const answer = await ask(bearer)
  t.is(answer.status, 200)
  t.is(answer.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  t.deepEqual(valuesOf(await answer.text(), 'stepwright_hosts'), { alive: 0, dead: 0, unresponsive: 0, unknown: 0 })
  t.is((await ask(bearer, 'POST')).status, 403)
})
