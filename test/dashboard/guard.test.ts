import { createServer, request as httpRequest } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { createRuntime, defineProcess, typed } from '../../src/index.ts'
import { dashboard, type DashboardOptions } from '../../src/dashboard/index.ts'
import { serveDashboard } from '../../src/dashboard/serve.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { buildPage } from '../../src/dashboard/build-page.ts'

test.before(() => buildPage())

const HERE = 'http://127.0.0.1:4040'
const JSON_BODY = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', origin: HERE } }
const AUTHOR = { 'content-type': 'application/json', origin: HERE }

const signUp = defineProcess({ name: 'sign-up', input: typed<{ user: string; password: string }>() })
  .step('check', ({ data, log }) => (log('checking', { password: data.password }), { user: data.user, html: '<script>alert(1)</script>' }))
  .step('approve', ({ data }) => data, { interrupt: true })

async function open(t: { teardown(fn: () => unknown): void }, options: DashboardOptions = {}) {
  const store = memoryStore()
  const runtime = await createRuntime({ processes: [signUp], store })
  const page = dashboard({ store, client: runtime, ...options })
  t.teardown(async () => {
    await page.close()
    await runtime.close({ within: 0 })
  })
  const job = await runtime.start(signUp, { user: 'ada', password: 'hunter2' })
  for await (const { status } of runtime.watch(job.pid)) if (status === 'interrupted') break
  const ask = (path: string, init?: RequestInit, origin = HERE) => page.fetch(new Request(origin + path, init))
  return { ask, runtime, pid: job.pid, page, store }
}

test('names that were made to lead here, and pages of other sites, are refused', async t => {
  const { ask, pid } = await open(t)
  t.is((await ask('/')).status, 200)
  for (const name of ['localhost', '127.0.0.1:80', '[::1]:4040']) t.is((await ask('/', {}, `http://${name}`)).status, 200, name)
  for (const name of ['evil.example', '127.0.0.1.evil.example', '192.168.0.7:4040', 'localhost.evil.example'])
    t.is((await ask('/', {}, `http://${name}`)).status, 403, name)
  for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:9999', 'https://localhost:4040']) {
    t.is((await ask('/api/events', { headers: { origin } })).status, 403, origin)
    t.is((await ask(`/api/processes/${pid}/cancel`, { ...JSON_BODY, headers: { ...AUTHOR, origin } })).status, 403, origin)
  }
})

test('actions need a same-site request with a body of JSON', async t => {
  const { ask, pid, runtime } = await open(t)
  const path = `/api/processes/${pid}/cancel`
  t.is((await ask(path, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })).status, 403)
  t.is((await ask(path, { method: 'POST', body: '{}', headers: { ...AUTHOR, 'content-type': 'text/plain' } })).status, 415)
  t.is((await ask(path, { headers: AUTHOR })).status, 404)
  t.is((await ask(path, { ...JSON_BODY, body: '[]' })).status, 400)
  t.is((await runtime.get(pid))!.status, 'interrupted')
  t.is((await ask(path, { ...JSON_BODY, body: '{"reason":"test"}' })).status, 200)
  t.like(await runtime.get(pid), { status: 'cancelled', error: { message: 'test' } })
})

test('actions: proceed with data, and what cannot be done says why', async t => {
  const { ask, pid, runtime } = await open(t)
  t.is((await ask(`/api/processes/${pid}/delete`, JSON_BODY)).status, 409)
  const done = await ask(`/api/processes/${pid}/proceed`, { ...JSON_BODY, body: '{"data":{"approved":true}}' })
  t.is(done.status, 200)
  t.like(await runtime.result(pid), { user: 'ada', approved: true })
  const again = await ask(`/api/processes/${pid}/proceed`, JSON_BODY)
  t.is(again.status, 409)
  t.regex(((await again.json()) as { code: string }).code, /^ERR_(ALREADY_ENDED|NOT_INTERRUPTED)$/)
  t.is((await ask(`/api/processes/${pid}/delete`, JSON_BODY)).status, 200)
  t.is(await runtime.get(pid), undefined)
  t.is((await ask(`/api/processes/${pid}`)).status, 404)
  t.is((await ask(`/api/processes/${pid}/constructor`, JSON_BODY)).status, 404)
})

test('without a client of the app, actions go through the store to whatever host has the process', async t => {
  const { runtime, pid, store } = await open(t)
  const page = dashboard({ store })
  t.teardown(() => page.close())
  const ask = (path: string, init: RequestInit) => page.fetch(new Request(HERE + path, init))
  t.is((await ask(`/api/processes/${pid}/proceed`, { ...JSON_BODY, body: '{"data":{"approved":true}}' })).status, 200)
  t.like(await runtime.result(pid), { user: 'ada', approved: true })
  const { pid: forked } = (await (await ask(`/api/processes/${pid}/fork`, { ...JSON_BODY, body: '{"from":"approve"}' })).json()) as {
    pid: string
  }
  t.like(await runtime.get(forked), { forkedFrom: { pid, step: 'approve' } })
  const submitted = await ask('/api/processes', {
    ...JSON_BODY,
    body: '{"name":"sign-up","input":{"user":"bob","password":"x"},"key":"bob"}',
  })
  const { pid: other } = (await submitted.json()) as { pid: string }
  t.like(await runtime.get(other), { name: 'sign-up', key: 'bob' })
})

test('read-only: nothing can be done', async t => {
  const { ask, pid } = await open(t, { readOnly: true })
  for (const action of ['cancel', 'proceed', 'delete', 'fork'])
    t.is((await ask(`/api/processes/${pid}/${action}`, JSON_BODY)).status, 403, action)
  t.is((await ask('/api/processes', JSON_BODY)).status, 403)
})

test('redact hides what stands at a path from every answer', async t => {
  const { ask, pid, runtime } = await open(t, { redact: ['$.password'] })
  t.like(await (await ask(`/api/processes/${pid}`)).json(), { input: { user: 'ada', password: '[redacted]' } })
  const { revision } = (await runtime.get(pid))!
  for (let one = 1; one <= revision; one++) t.false((await (await ask(`/api/processes/${pid}/records/${one}`)).text()).includes('hunter2'))
  const stream = await ask(`/api/processes/${pid}/events`)
  let text = ''
  for await (const chunk of stream.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (text.includes('checking')) break
  }
  t.regex(text, /\[redacted\]/)
  t.false(text.includes('hunter2'))
})

test('the page may load nothing from elsewhere, and stands in no frame', async t => {
  const { ask } = await open(t)
  const response = await ask('/')
  t.is(
    response.headers.get('content-security-policy'),
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  )
  t.is(response.headers.get('x-content-type-options'), 'nosniff')
  for (const path of [
    '/../package.json',
    '/..%2f..%2fpackage.json',
    '/assets/../../package.json',
    '/index.html.map',
    '/toString',
    '/api/nothing',
    '/api/processes/x/records/9e9',
  ])
    t.is((await ask(path)).status, 404, path)
})

test('a token: nobody without it, whatever the name; the address gives it once', async t => {
  const token = 'a-token-of-the-test'
  const { ask } = await open(t, { token })
  t.is((await ask('/')).status, 401)
  t.is((await ask('/?token=another-token-of-it')).status, 401)
  t.is((await ask('/', { headers: { authorization: `Bearer ${token}` } }, 'http://build-machine:4040')).status, 200)
  const first = await ask(`/?token=${token}`)
  t.is(first.status, 303)
  t.is(first.headers.get('location'), '/')
  const cookie = first.headers.get('set-cookie')!
  t.regex(cookie, /^stepwright-[0-9a-f]{8}=a-token-of-the-test; HttpOnly; SameSite=Strict; Path=\/; /)
  t.is((await ask('/', { headers: { cookie: cookie.split(';')[0]! } })).status, 200)
  t.is((await ask('/', { headers: { cookie: `${cookie.split('=')[0]}=wrong` } })).status, 401)
})

test('where an app puts it', async t => {
  const { ask } = await open(t, { path: '/admin/processes', hosts: ['app.example.com'] })
  const app = 'https://app.example.com'
  t.is((await ask('/admin/processes', {}, app)).headers.get('location'), '/admin/processes/')
  t.is((await ask('/admin/processes/', {}, app)).status, 200)
  t.is((await ask('/', {}, app)).status, 404)
  t.is((await ask('/admin/processes/', {}, 'http://localhost')).status, 403)
})

test('another interface than the loopback one gets a token by itself', async t => {
  const { store } = await open(t)
  const server = await serveDashboard({ store, port: 0, host: '0.0.0.0' })
  t.teardown(() => server.close())
  const { searchParams, port } = new URL(server.url)
  t.true(searchParams.get('token')!.length >= 32)
  t.is((await fetch(`http://127.0.0.1:${port}/`)).status, 401)
  t.is((await fetch(server.url, { headers: { authorization: `Bearer ${searchParams.get('token')}` }, redirect: 'manual' })).status, 303)
})

test('the Node handler stands in any server, and a viewer who leaves is forgotten', async t => {
  const { page } = await open(t)
  const server = createServer(page.node).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stream = await fetch(`${url}/api/events`)
  const reader = stream.body!.getReader()
  t.regex(new TextDecoder().decode((await reader.read()).value), /^retry: 1000/)
  await reader.cancel()
  t.is((await fetch(url, { method: 'HEAD' })).status, 200)
  const status = await new Promise(resolve => {
    httpRequest(url, { headers: { host: 'bad host' } }, response => resolve(response.destroy().statusCode)).end()
  })
  t.is(status, 400)
})

test('a wrong option is a TypeError that shows it', t => {
  t.throws(() => dashboard({ store: 7 as never }), { instanceOf: TypeError, message: /must be a path or a store; received 7/ })
  t.throws(() => dashboard({ token: 'short' }), { instanceOf: TypeError, message: /at least 16 characters; received 5 characters/ })
  t.throws(() => dashboard({ path: 'processes' }), { instanceOf: TypeError, message: /received 'processes'/ })
  t.throws(() => dashboard({ redact: ['x'] }), { instanceOf: TypeError })
  t.throws(() => dashboard({ readonly: true } as never), { instanceOf: TypeError, message: /unknown key 'readonly'/ })
})
