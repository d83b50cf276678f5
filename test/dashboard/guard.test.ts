import { createServer, request as httpRequest } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { createRuntime, defineProcess, openClient, typed } from '../../src/index.ts'
import { dashboard, type DashboardOptions } from '../../src/dashboard/index.ts'
import { serveDashboard } from '../../src/dashboard/serve-dashboard.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { buildPage } from '../../src/dashboard/build-page.ts'

test.before(() => buildPage())

const HERE = 'http://127.0.0.1:4040'
const JSON_BODY = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', origin: HERE } }
const AUTHOR = { 'content-type': 'application/json', origin: HERE }

const signUp = defineProcess({ name: 'sign-up', input: typed<{ user: string; password: string }>() })
  .step(
    'check',
    ({ data, log }) => (
      log('checking', { password: data.password }),
      { user: data.user, html: '<script>alert(1)</script>' }
    ),
  )
  .step('approve', ({ data }) => data, { interrupt: true })

async function open(t: { teardown(fn: () => unknown): void }, options: DashboardOptions = {}) {
  const store = memoryStore()
  const runtime = await createRuntime({ processes: [signUp], store })
  const page = dashboard({ client: runtime, ...options })
  t.teardown(async () => {
    await page.close()
    await runtime.close({ within: 0 })
  })
  const bearer = page.token === undefined ? {} : { authorization: `Bearer ${page.token}` }
  const job = await runtime.start(signUp, { user: 'ada', password: 'hunter2' })
  for await (const { status } of runtime.watch(job.pid)) if (status === 'interrupted') break
  /** As a viewer who has the token. */
  const ask = (path: string, init: RequestInit = {}, origin = HERE) =>
    page.fetch(
      new Request(origin + path, { ...init, headers: { ...bearer, ...(init.headers as Record<string, string>) } }),
    )
  /** As anybody. */
  const askBare = (path: string, init?: RequestInit, origin = HERE) => page.fetch(new Request(origin + path, init))
  return { ask, askBare, runtime, pid: job.pid, page, store }
}

test('without a token: names that were made to lead here, and pages of other sites, are refused', async t => {
  const { ask, pid } = await open(t, { token: false })
  t.is((await ask('/')).status, 200)
  for (const name of ['localhost', '127.0.0.1:80', '[::1]:4040'])
    t.is((await ask('/', {}, `http://${name}`)).status, 200, name)
  for (const name of ['evil.example', '127.0.0.1.evil.example', '192.168.0.7:4040', 'localhost.evil.example'])
    t.is((await ask('/', {}, `http://${name}`)).status, 403, name)
  for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:9999', 'https://localhost:4040']) {
    t.is((await ask('/api/events', { headers: { origin } })).status, 403, origin)
    t.is(
      (await ask(`/api/processes/${pid}/cancel`, { ...JSON_BODY, headers: { ...AUTHOR, origin } })).status,
      403,
      origin,
    )
  }
})

test('actions need a same-site request with a body of JSON', async t => {
  const { ask, pid, runtime } = await open(t)
  const path = `/api/processes/${pid}/cancel`
  t.is((await ask(path, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })).status, 403)
  t.is(
    (await ask(path, { method: 'POST', body: '{}', headers: { ...AUTHOR, 'content-type': 'text/plain' } })).status,
    415,
  )
  t.is((await ask(path, { headers: AUTHOR })).status, 405)
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
  const page = dashboard({ store, token: false })
  t.teardown(() => page.close())
  const ask = (path: string, init: RequestInit) => page.fetch(new Request(HERE + path, init))
  t.is((await ask(`/api/processes/${pid}/proceed`, { ...JSON_BODY, body: '{"data":{"approved":true}}' })).status, 200)
  t.like(await runtime.result(pid), { user: 'ada', approved: true })
  const { pid: forked } = (await (
    await ask(`/api/processes/${pid}/fork`, { ...JSON_BODY, body: '{"from":"approve"}' })
  ).json()) as {
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
  for (const action of ['cancel', 'proceed', 'delete', 'fork', 'retry'])
    t.is((await ask(`/api/processes/${pid}/${action}`, JSON_BODY)).status, 403, action)
  t.is((await ask('/api/processes', JSON_BODY)).status, 403)
})

test('redact hides what stands at a path from every answer', async t => {
  const { ask, pid, runtime } = await open(t, { redact: ['$.password'] })
  t.like(await (await ask(`/api/processes/${pid}`)).json(), { input: { user: 'ada', password: '[redacted]' } })
  const { revision } = (await runtime.get(pid))!
  for (let one = 1; one <= revision; one++)
    t.false((await (await ask(`/api/processes/${pid}/records/${one}`)).text()).includes('hunter2'))
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

test('nobody gets in without the token, which is made up unless one is given', async t => {
  const { askBare, page, pid } = await open(t)
  t.regex(page.token!, /^[\w-]{32}$/)
  t.not((await open(t)).page.token, page.token)
  for (const path of [
    '/',
    '/index.html',
    '/api/events',
    `/api/processes/${pid}`,
    '/nothing',
    '/%zz',
    `/?token=${page.token!.slice(1)}`,
    '/?token=',
  ]) {
    const response = await askBare(path)
    t.is(response.status, 401, path)
    t.is(response.headers.get('set-cookie'), null)
  }
  t.is((await askBare(`/api/processes/${pid}/cancel`, JSON_BODY)).status, 401)
  for (const authorization of [page.token!, 'Bearer ', `Basic ${page.token}`, `Bearer ${page.token}x`])
    t.is((await askBare('/', { headers: { authorization } })).status, 401, authorization)
  t.is(
    (await askBare('/', { headers: { authorization: `Bearer ${page.token}` } }, 'http://build-machine:4040')).status,
    200,
  )
})

test('the address lets in once, then a cookie that no script, no other site and no other path gets', async t => {
  const token = 'a token; of "the" user=1'
  const { askBare } = await open(t, { token, path: '/admin' })
  const first = await askBare(`/admin/?token=${encodeURIComponent(token)}`)
  t.is(first.status, 200)
  t.is(first.headers.get('cache-control'), 'no-store')
  const cookie = first.headers.get('set-cookie')!
  t.is(cookie, `stepwright-4040=${encodeURIComponent(token)}; HttpOnly; SameSite=Strict; Path=/admin/`)
  const pair = cookie.split(';')[0]!
  t.is((await askBare('/admin/', { headers: { cookie: `a=b; ${pair}; c=d` } })).status, 200)
  t.is((await askBare('/admin/', { headers: { cookie: `stepwright-4040=wrong; ${pair}` } })).status, 200)
  t.is((await askBare('/admin/', { headers: { cookie: 'stepwright-4040=wrong' } })).status, 401)
  // Another port of the same machine is another page.
  t.is((await askBare('/admin/', { headers: { cookie: pair } }, 'http://127.0.0.1:4041')).status, 401)
  t.regex(
    (await askBare(`/admin/?token=${encodeURIComponent(token)}`, {}, 'https://a.example')).headers.get('set-cookie')!,
    /; Secure$/,
  )
  t.is(
    (await askBare(`/admin?token=${encodeURIComponent(token)}`)).headers.get('location'),
    `/admin/?token=${encodeURIComponent(token)}`,
  )
})

test('where an app puts it', async t => {
  const { ask } = await open(t, { path: '/admin/processes', hosts: ['app.example.com'], token: false })
  const app = 'https://app.example.com'
  t.is((await ask('/admin/processes', {}, app)).headers.get('location'), '/admin/processes/')
  t.is((await ask('/admin/processes/', {}, app)).status, 200)
  t.is((await ask('/', {}, app)).status, 404)
  t.is((await ask('/admin/processes/', {}, 'http://localhost')).status, 403)
})

test('on the loopback interface too the page that is served has a token, in its address; none only if that is said', async t => {
  const { store } = await open(t)
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    const server = await serveDashboard({ store, port: 0, host })
    t.teardown(() => server.close())
    const { searchParams, origin } = new URL(server.url)
    t.is(searchParams.get('token')!.length, 32)
    t.is((await fetch(origin)).status, 401)
    t.is((await fetch(server.url)).status, 200)
  }
  const bare = await serveDashboard({ store, port: 0, host: '127.0.0.1', token: false })
  t.teardown(() => bare.close())
  t.is(new URL(bare.url).search, '')
  t.is((await fetch(bare.url)).status, 200)
})

test('what is asked for wrongly is told so: 400, 404, 405, never 500', async t => {
  const { ask, pid } = await open(t)
  for (const path of ['/api/processes/%zz', '/api/%', `/api/processes/${pid}/%ff/x`])
    t.is((await ask(path)).status, 400, path)
  for (const path of ['/api/', '/api/events/x', '/api/processes/x/y/z', `/api/processes/${pid}/records/x`])
    t.is((await ask(path)).status, 404, path)
  for (const [method, path, allow] of [
    ['POST', '/', 'GET, HEAD'],
    ['POST', '/api/events', 'GET'],
    ['POST', `/api/processes/${pid}`, 'GET'],
    ['GET', '/api/processes', 'POST'],
    ['GET', `/api/processes/${pid}/cancel`, 'POST'],
    ['HEAD', '/api/events', 'GET'],
  ] as const) {
    const response = await ask(path, method === 'POST' ? JSON_BODY : { method })
    t.is(response.status, 405, `${method} ${path}`)
    t.is(response.headers.get('allow'), allow)
  }
  for (const body of ['{', '[]', 'null', '7', '"text"', '{"reason":7}', new Uint8Array([0x22, 0xff, 0x22])])
    t.is((await ask(`/api/processes/${pid}/cancel`, { ...JSON_BODY, body })).status, 400, String(body))
  t.is((await ask('/api/processes', { ...JSON_BODY, body: '{"name":"Not A Name"}' })).status, 400)
  t.is((await ask('/api/processes', { ...JSON_BODY, body: '{"name":"a","labels":7}' })).status, 400)
})

test('a page has one store: that of its client', async t => {
  const { page, runtime, pid } = await open(t, { token: 'a-token-of-the-test' })
  t.is((await page.fetch(new Request(`${HERE}/api/processes/${pid}?token=${page.token}`))).status, 200)
  const other = memoryStore()
  t.throws(() => dashboard({ store: other, client: runtime }), {
    instanceOf: TypeError,
    message: /must be that of its client/,
  })
  t.throws(() => dashboard({ store: '.stepwright', client: runtime }), {
    instanceOf: TypeError,
    message: /must be that of its client/,
  })
  t.throws(() => dashboard({ client: openClient('/elsewhere'), store: '/here' }), {
    instanceOf: TypeError,
    message: /its client, \/elsewhere: leave/,
  })
  t.throws(() => dashboard({ client: { cancel: async () => {} } }), {
    instanceOf: TypeError,
    message: /must be given with a client/,
  })
  await dashboard({ client: openClient('/here'), store: '/here' }).close()
  await dashboard({ client: { cancel: async () => {} }, store: other }).close()
})

test('the Node handler stands in any server, and a viewer who leaves is forgotten', async t => {
  const { page } = await open(t, { token: false })
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
  t.throws(() => dashboard({ store: 7 as never }), {
    instanceOf: TypeError,
    message: /must be a path or a store; received 7/,
  })
  t.throws(() => dashboard({ token: 'short' }), {
    instanceOf: TypeError,
    message: /at least 16 characters, or false; received 5 characters/,
  })
  t.throws(() => dashboard({ path: 'processes' }), { instanceOf: TypeError, message: /received 'processes'/ })
  t.throws(() => dashboard({ redact: ['x'] }), { instanceOf: TypeError })
  t.throws(() => dashboard({ readonly: true } as never), { instanceOf: TypeError, message: /unknown key 'readonly'/ })
})
