import { createInspector } from '@statelyai/inspect'
import test from 'ava'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { assign, createActor, createMachine } from 'xstate'
import { createRuntime, defineProcess, typed } from '../../src/index.ts'
import { inspector, type InspectorOptions } from '../../src/inspect/index.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { closeBrowser, openTab } from '../browser/chromium.ts'
import { serveStub, stubIn, toldIn, untilValue, values, type Told } from './stub.ts'

test.after.always(closeBrowser)

/** A process of three steps that waits between them until the test says so. */
function gated(name: string) {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const definition = defineProcess({ name, input: typed<{ password: string }>() })
    .step('zebra', async ({ data }) => (await gates[0]!.promise, data))
    .step('apple', async ({ data }) => (await gates[1]!.promise, data), { retry: 2 })
    .step('mango', async ({ data }) => (await gates[2]!.promise, data))
  return { definition, open: (gate: number) => gates[gate]!.resolve() }
}

function events(url: string) {
  const told: Told[] = []
  const controller = new AbortController()
  const whole = (async () => {
    const response = await fetch(new URL(`events${new URL(url).search}`, url), { signal: controller.signal })
    let rest = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) if (block.startsWith('data: ')) told.push(JSON.parse(block.slice(6)) as Told)
    }
    return told
  })()
  return { told, whole, leave: () => controller.abort() }
}

const open = async (options: InspectorOptions = {}) => {
  const inspected = inspector({ quiet: true, ...options })
  return { ...inspected, url: (await inspected.url)! }
}

test("Stately's own receiver sees the processes of two runtimes, their steps in order, and every transition; a late viewer sees the same", async t => {
  const shown = await open({ url: await serveStub(t), redact: ['$.password'] })
  const [one, two] = [gated('first'), gated('second')]
  const store = memoryStore()
  const hosts = [
    await createRuntime({ processes: [one.definition], store, inspect: shown }),
    await createRuntime({ processes: [two.definition], store, inspect: shown }),
  ] as const
  t.teardown(() => Promise.all(hosts.map(host => host.close({ within: 0 }))))
  const jobs = [
    await hosts[0].start(one.definition, { password: 'hunter2' }),
    await hosts[1].start(two.definition, { password: 'hunter2' }),
  ]

  const tab = await openTab(t)
  await tab.goto(shown.url)
  const frame = await stubIn(tab)
  await untilValue(frame, { running: 'zebra' }, 'first')
  await untilValue(frame, { running: 'zebra' }, 'second')
  one.open(0)
  await untilValue(frame, { running: { apple: 'attempting' } }, 'first')
  one.open(1)
  one.open(2)
  const told = await untilValue(frame, 'finished', 'first')

  const first = told.find(({ type, name }) => type === '@xstate.actor' && name === `first ${jobs[0]!.pid}`)
  const { states } = JSON.parse(first!.definition!) as { states: Record<string, { states: object }> }
  t.deepEqual(Object.keys(states['running']!.states), ['zebra', 'apple', 'mango'])
  t.deepEqual(values(told, first!.sessionId), [{ running: { apple: 'attempting' } }, { running: 'mango' }, 'finished'])
  t.true(told.some(({ parentId }) => parentId === first!.sessionId))
  t.false(JSON.stringify(told).includes('hunter2'))
  t.like(told.find(({ snapshot }) => snapshot?.value === 'finished')?.snapshot, {
    status: 'done',
    output: { password: '[redacted]' },
  })

  const late = await openTab(t)
  await late.goto(shown.url)
  const lateFrame = await stubIn(late)
  await untilValue(lateFrame, { running: 'zebra' }, 'second')
  two.open(0)
  await untilValue(lateFrame, { running: { apple: 'attempting' } }, 'second')
  const seen = (await toldIn(lateFrame)).filter(
    ({ type, rootId, sessionId }) => type === '@xstate.actor' && rootId === sessionId,
  )
  t.deepEqual(new Set(seen.map(({ name }) => name)), new Set([`first ${jobs[0]!.pid}`, `second ${jobs[1]!.pid}`]))

  // The viewer's page is loaded again: it is told all there is once more.
  await tab.reload()
  await untilValue(await stubIn(tab), { running: { apple: 'attempting' } }, 'second')
  await shown.close()
  await tab.getByText('The program has closed its inspector.').waitFor()
  t.deepEqual(tab.problems, [])
})

test('its messages are those of the official createInspector', async t => {
  const machine = createMachine({
    id: 'light',
    initial: 'red',
    context: { cars: 0 },
    states: { red: { on: { GO: { target: 'green', actions: assign({ cars: 3 }) } } }, green: { type: 'final' } },
  })
  const official: unknown[] = []
  const stately = createInspector({ send: event => official.push(JSON.parse(JSON.stringify(event))) })
  const shown = await open()
  const viewer = events(shown.url)
  while (viewer.told.length === 0) {
    // The first actor is there only to see that the viewer has come.
    const probe = createActor(machine, { inspect: shown.inspect })
    probe.start()
    probe.stop()
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  const actor = createActor(machine, {
    inspect: event => {
      shown.inspect(event)
      stately.inspect.next?.(event)
    },
  })
  actor.start()
  await new Promise(resolve => setTimeout(resolve, 1))
  actor.send({ type: 'GO' })
  await new Promise(resolve => setTimeout(resolve, 1))
  await shown.close()
  const ours = (await viewer.whole).filter(({ sessionId }) => sessionId.endsWith(`/${actor.sessionId}`))
  const plain = (told: unknown) => {
    const {
      createdAt: _,
      sessionId,
      rootId,
      definition,
      snapshot,
      ...rest
    } = told as Record<string, string> & { snapshot?: Record<string, unknown> }
    const { status, value, context } = snapshot ?? {}
    return JSON.parse(
      JSON.stringify({
        ...rest,
        sessionId: sessionId?.replace(/.*\//, ''),
        rootId: rootId?.replace(/.*\//, ''),
        ...(definition && { definition: JSON.parse(definition) }),
        ...(snapshot && { snapshot: { status, value, context } }),
      }),
    )
  }
  const strip = (all: unknown[]) =>
    all.map(plain).filter(({ type }) => type === '@xstate.actor' || type === '@xstate.snapshot')
  t.deepEqual(strip(ours).at(-1), strip(official).at(-1))
  const [registered, theirs] = [strip(ours)[0], strip(official)[0]]
  t.deepEqual(
    { ...registered, snapshot: {}, definition: {}, name: '' },
    { ...theirs, snapshot: {}, definition: {}, name: '' },
  )
  t.like(registered.definition, { id: 'light', initial: 'red' })
  t.deepEqual(Object.keys(registered.snapshot).toSorted(), Object.keys(theirs.snapshot).toSorted())
})

test('a port that is taken gives way to a free one', async t => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => void taken.close())
  const { port } = taken.address() as AddressInfo
  const shown = await open({ port })
  t.not(new URL(shown.url).port, String(port))
  await shown.close()
})

test('only who has the address may look, and only from pages of the server itself, on the loopback interface', async t => {
  const shown = await open()
  t.teardown(() => shown.close())
  const status = (path: string, headers: Record<string, string>, method = 'GET'): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request(new URL(path, shown.url), { headers, method }, response => resolve(response.destroy().statusCode))
        .on('error', reject)
        .end()
    })
  const { origin, host, port } = new URL(shown.url)
  const token = new URL(shown.url).searchParams.get('token')!
  const none = new URL('/', shown.url)
  for (const path of ['/', '/events', '/page.js', '/?token=', `/?token=${token.slice(1)}`])
    t.is(await status(path, {}), 401, path)
  const { headers: cookies } = await fetch(shown.url)
  const cookie = cookies.get('set-cookie')!
  t.regex(cookie, /^stepwright-\d+=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/$/)
  t.is(await status('/events', { cookie: cookie.split(';')[0]! }), 200)
  t.is((await fetch(none)).status, 401)

  const authorization = `Bearer ${token}`
  t.is(await status('/', { authorization }), 200)
  t.is(await status('/events', { origin, authorization }), 200)
  t.is(await status('/events', { host: `localhost:${port}`, authorization }), 200)
  t.is(await status('/events', { origin: 'https://example.com', authorization }), 403)
  t.is(await status('/events', { host: 'example.com', authorization }), 403)
  t.is(await status('/events', { host: `example.com:${port}`, authorization }), 403)
  t.is(await status('/events', { host, origin: 'null', authorization }), 403)
  t.is(await status('/', { origin, authorization, 'content-type': 'application/json' }, 'POST'), 405)
  t.is(await status('/', { authorization }, 'DELETE'), 405)
  t.is(await status('/toString', { authorization }), 404)
  const response = await fetch(shown.url)
  t.regex(response.headers.get('content-security-policy')!, /^default-src 'none'.*frame-src https:\/\/stately\.ai;/)
})

test('an actor whose data is no JSON, and a process that nobody looks at, are shown all the same', async t => {
  const shown = await open()
  const circular: Record<string, unknown> = { big: 1n }
  circular['self'] = circular
  const machine = createMachine({
    id: 'odd',
    initial: 'a',
    context: circular,
    states: { a: { on: { GO: 'b' } }, b: {} },
  })
  const actor = createActor(machine, { inspect: shown.inspect }).start()
  actor.send({ type: 'GO', circular } as never)
  const viewer = events(shown.url)
  while (!viewer.told.some(({ type }) => type === '@xstate.actor'))
    await new Promise(resolve => setTimeout(resolve, 10))
  t.is(viewer.told[0]!.snapshot?.value, 'b')
  await shown.close()
  await viewer.whole
})

test('a wrong option is a TypeError that shows it', t => {
  t.throws(() => inspector({ url: 'nowhere' }), { instanceOf: TypeError, message: /url of inspector\(\).*'nowhere'/ })
  t.throws(() => inspector({ port: -1 }), { instanceOf: TypeError, message: /0 to 65535; received -1/ })
  t.throws(() => inspector({ redact: ['password'] }), {
    instanceOf: TypeError,
    message: /'\$\.password'.*received \[ 'password' \]/,
  })
  t.throws(() => inspector({ adress: 1 } as never), { instanceOf: TypeError, message: /unknown key 'adress'/ })
})
