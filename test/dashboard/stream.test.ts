import test from 'ava'
import { createRuntime, defineProcess, toWebStream } from '../../src/index.ts'
import { dashboard } from '../../src/dashboard/index.ts'
import { memoryStore } from '../../src/testing/index.ts'

const login = defineProcess({ name: 'login' }).step(
  'write',
  ({ write, attempt }) => {
    write('one')
    if (attempt === 1) throw new Error('once more')
    write({ password: 'hunter2' })
  },
  { retry: { attempts: 2, delay: 0 } },
)

async function open(t: { teardown(fn: () => unknown): void }) {
  const runtime = await createRuntime({ processes: [login], store: memoryStore() })
  const page = dashboard({ client: runtime, token: false, redact: ['$.password'] })
  t.teardown(async () => {
    await page.close()
    await runtime.close()
  })
  const job = await runtime.start(login)
  const ask = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    page.fetch(new Request(`http://localhost/api/processes/${path}`, { headers }))
  return { runtime, ask, pid: job.pid }
}

const event = (id: number, data: object, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}id: ${id}\ndata: ${JSON.stringify({ step: 'write', ...data })}\n\n`

const EVENTS = [
  event(0, { attempt: 1, chunk: 'one' }),
  event(1, { attempt: 2, reset: true }, 'reset'),
  event(2, { attempt: 2, chunk: 'one' }),
  event(3, { attempt: 2, chunk: { password: '[redacted]' } }),
  'event: end\ndata:\n\n',
]

test('the page serves the stream of a process as server-sent events, and ends with it', async t => {
  const { ask, pid } = await open(t)
  const response = await ask(`${pid}/stream`)
  t.is(response.headers.get('content-type'), 'text/event-stream')
  t.is((await response.text()).replace('retry: 1000\n\n', ''), EVENTS.join(''))
})

test('it goes on after Last-Event-ID, or at the offset that the address names', async t => {
  const { ask, pid } = await open(t)
  const text = async (path: string, headers?: Record<string, string>): Promise<string> =>
    (await (await ask(path, headers)).text()).replace('retry: 1000\n\n', '')
  t.is(await text(`${pid}/stream`, { 'last-event-id': '1' }), EVENTS.slice(2).join(''))
  t.is(await text(`${pid}/stream?from=3`), EVENTS.slice(3).join(''))
  t.is(await text(`${pid}/stream?from=1`, { 'last-event-id': '2' }), EVENTS.slice(3).join(''))
  t.is(await text(`${pid}/stream?from=x`, { 'last-event-id': '-1' }), EVENTS.join(''))
})

test('there is none of a process that is not there, and it is only read', async t => {
  const { ask } = await open(t)
  t.is((await ask('nothing/stream')).status, 404)
  t.is((await ask('nothing/stream/1')).status, 404)
})

test('toWebStream fits a Response', async t => {
  const { runtime, pid } = await open(t)
  const response = new Response(toWebStream(runtime.stream(pid)))
  t.is(await response.text(), EVENTS.join('').replace('[redacted]', 'hunter2'))
})

test('whoever stops reading a web stream ends the reading, and a failure reaches the reader', async t => {
  let ended = false
  async function* endless() {
    try {
      for (let offset = 0; ; offset++) yield { offset, step: 'write', attempt: 1, chunk: 'x' }
    } finally {
      ended = true
    }
  }
  const reader = toWebStream(endless()).getReader()
  await reader.read()
  await reader.cancel()
  t.true(ended)
  const { runtime } = await open(t)
  await t.throwsAsync(new Response(toWebStream(runtime.stream('nothing'))).text(), { code: 'ERR_UNKNOWN_PROCESS' })
})
