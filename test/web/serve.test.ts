import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import { EventStreams, frame, type Viewer } from '../../src/web/event-streams.ts'
import { readBody } from '../../src/web/read-body.ts'
import { serve } from '../../src/web/serve.ts'

const MIB = 1024 * 1024

/** A server that tells how long the body of a request is, if that is at most a MiB. */
async function open(t: ExecutionContext, fetch?: (request: Request) => Promise<Response>) {
  const server = await serve({
    host: '127.0.0.1',
    port: 0,
    keepAlive: true,
    fetch:
      fetch ??
      (async request => {
        if (new URL(request.url).pathname === '/unread') return new Response('not read')
        const body = await readBody(request, MIB)
        return body === undefined ? new Response('too much', { status: 413 }) : new Response(String(body.length))
      }),
  })
  t.teardown(() => server.close('now'))
  const { port, host } = new URL(server.url)
  const dial = (): Socket => {
    const socket = connect(Number(port), '127.0.0.1').setMaxListeners(0)
    // It may well be hung up on.
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    return socket
  }
  /** What the server says to these bytes. */
  const say = async (request: string): Promise<string> => {
    const socket = dial()
    socket.write(request)
    const told = await text(socket)
    return told.split('\r\n', 1)[0]!
  }
  return { url: server.url, host, dial, say }
}

test.serial('what is no request for a page gives 400, 405 or 431', async t => {
  const { say, host } = await open(t)
  const closing = `Host: ${host}\r\nConnection: close\r\n\r\n`
  for (const [request, status] of [
    ['nonsense\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\n\r\n', 400],
    [`GET http://evil.example/ HTTP/1.1\r\n${closing}`, 400],
    ['GET / HTTP/1.0\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: user:word@127.0.0.1\r\nConnection: close\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: 127.0.0.1:99999\r\nConnection: close\r\n\r\n', 400],
    [`OPTIONS * HTTP/1.1\r\n${closing}`, 405],
    [`TRACE / HTTP/1.1\r\n${closing}`, 405],
    [`DELETE / HTTP/1.1\r\n${closing}`, 405],
    [`GET /%zz HTTP/1.1\r\n${closing}`, 200],
    [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${closing}`, 431],
  ] as const)
    t.regex(await say(request), new RegExp(`^HTTP/1.1 ${status} `), request.slice(0, 60))
})

test.serial(
  'a body of hundreds of megabytes is cut off at the limit while it arrives, and the client is told why',
  async t => {
    const { dial, host } = await open(t)
    const chunk = Buffer.alloc(MIB, 'x')
    for (const path of ['/', '/unread'])
      for (const length of [`Content-Length: ${400 * MIB}`, 'Transfer-Encoding: chunked']) {
        const before = process.memoryUsage().rss
        const socket = dial()
        let told = ''
        socket.on('data', (bytes: Buffer) => {
          told += bytes.toString()
        })
        const closed = new Promise(resolve => socket.once('close', resolve))
        socket.write(`POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${length}\r\n\r\n`)
        const [start, end] = length.startsWith('T') ? [`${MIB.toString(16)}\r\n`, '\r\n'] : ['', '']
        let sent = 0
        while (sent < 400 && socket.writable) {
          socket.write(start)
          if (!socket.write(chunk)) await Promise.race([new Promise(resolve => socket.once('drain', resolve)), closed])
          socket.write(end)
          sent++
        }
        await closed
        t.regex(told, path === '/' ? /^HTTP\/1.1 413 [^]*too much/ : /^HTTP\/1.1 200 [^]*not read/, length)
        t.true(
          process.memoryUsage().rss - before < 100 * MIB,
          `${path} ${length}: ${(process.memoryUsage().rss - before) / MIB} MiB`,
        )
      }
  },
)

test.serial(
  'a body within the limit arrives whole, in however many pieces, and the connection serves the next request',
  async t => {
    const { dial, host } = await open(t)
    const socket = dial()
    const post = `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 300000\r\n\r\n`
    let told = ''
    socket.on('data', (bytes: Buffer) => {
      told += bytes.toString()
    })
    for (const times of [1, 2]) {
      socket.write(post)
      for (let sent = 0; sent < 300_000; sent += 30_000) {
        socket.write('x'.repeat(30_000))
        await new Promise(setImmediate)
      }
      while (told.split('300000').length <= times) await once(socket, 'data')
    }
    t.is(told.match(/HTTP\/1.1 200/g)?.length, 2)
  },
)

test.serial(
  '1,000 connections that send nothing, or a request that never ends, keep nobody out and are hung up on',
  async t => {
    const { url, dial } = await open(t)
    const sockets = Array.from({ length: 1000 }, dial)
    const closed = Promise.all(sockets.map(socket => once(socket.resume(), 'close')))
    await Promise.all(sockets.map(socket => once(socket, 'connect')))
    for (const [index, socket] of sockets.entries())
      if (index % 2 === 0) socket.write('GET / HTTP/1.1\r\nHost: x\r\nA:')
    const began = performance.now()
    t.is(await (await fetch(url)).text(), '0')
    t.true(performance.now() - began < 20_000)
    await closed
  },
)

/** A stream that begins with `bytes` bytes, and those who look at it. */
function source(bytes: number) {
  const viewers = new Set<Viewer>()
  const streams = new EventStreams()
  const welcome = frame('x'.repeat(bytes), 'welcome')
  const join = (viewer: Viewer): (() => void) => {
    viewer.send(welcome)
    viewers.add(viewer)
    return () => viewers.delete(viewer)
  }
  return { viewers, fetch: async (request: Request) => streams.open({ join }, request.signal) }
}

const untilIs = async (fits: () => boolean): Promise<void> => {
  while (!fits()) await new Promise(resolve => setTimeout(resolve, 5))
}

test.serial('1,000 watchers are told, and there is an end to how many there may be', async t => {
  const { viewers, fetch: answer } = source(10_000)
  const { dial, host, url } = await open(t, answer)
  const sockets = Array.from({ length: 1000 }, dial)
  const told = sockets.map(
    socket =>
      new Promise<void>(resolve => {
        let last = ''
        socket.on('data', (bytes: Buffer) => {
          last = (last + bytes.toString()).slice(-100)
          if (last.includes('data: "news"')) resolve()
        })
      }),
  )
  for (const socket of sockets) socket.write(`GET /events HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  await untilIs(() => viewers.size === 1000)
  const news = frame('news')
  for (const viewer of viewers) viewer.send(news)
  await Promise.all(told)
  const more = await Promise.all(Array.from({ length: 1100 }, () => fetch(url)))
  t.is(more.filter(({ status }) => status === 503).length, 100)
  for (const socket of sockets) socket.destroy()
  for (const response of more) await response.body?.cancel()
  await untilIs(() => viewers.size === 0)
})

test.serial('watchers that do not read share what they are owed; one that is too far behind is hung up on', async t => {
  const { viewers, fetch: answer } = source(12 * MIB)
  const { dial, host } = await open(t, answer)
  const before = process.memoryUsage().rss
  const sockets = Array.from({ length: 100 }, () => dial().pause())
  for (const socket of sockets) socket.write(`GET /events HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  await untilIs(() => viewers.size === 100)
  const grown = (process.memoryUsage().rss - before) / MIB
  t.log(`${Math.round(grown)} MiB for 100 watchers who are owed ${100 * 12} MiB`)
  t.true(grown < 200, `${grown} MiB`)
  const news = frame('x'.repeat(5 * MIB))
  for (const viewer of viewers) for (let more = 0; more < 6; more++) viewer.send(news)
  t.is(viewers.size, 0)
})
