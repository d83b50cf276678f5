import { once } from 'node:events'
import fs from 'node:fs'
import { connect, createServer } from 'node:net'
import path from 'node:path'
import test from 'ava'
import { HostSocket } from '../../../src/store/hosts/host-socket.ts'
import { createHostId } from '../../../src/store/hosts/host-id.ts'
import { Liveness } from '../../../src/store/hosts/liveness.ts'
import { tempDir } from '../helpers.ts'

const stateOf = (dir: string, id: string): Promise<string> => new Liveness(dir).stateOf(id, true)

for (const [name, sub] of [
  ['short', ''],
  ['too long for a socket', 'deep/'.repeat(40)],
] as const) {
  test(`a path that is ${name}`, async t => {
    const id = createHostId()
    const dir = path.join(tempDir(t), sub)
    fs.mkdirSync(dir, { recursive: true })
    t.is(await stateOf(dir, id), 'dead')
    const socket = new HostSocket(dir, id)
    await socket.open()
    t.deepEqual(fs.readdirSync(dir), [`${id}.sock`])
    t.deepEqual(await Promise.all(Array.from({ length: 50 }, () => stateOf(dir, id))), Array(50).fill('alive'))
    await socket.close()
    t.is(await stateOf(dir, id), 'dead')
    t.deepEqual(fs.readdirSync(dir), [])
  })
}

test('a socket that nobody listens on', async t => {
  const id = createHostId()
  const dir = tempDir(t)
  fs.writeFileSync(path.join(dir, `${id}.sock`), '')
  t.is(await stateOf(dir, id), 'dead')
})

test('one that accepts and does not answer, and one that hangs up', async t => {
  const id = createHostId()
  const dir = tempDir(t)
  const server = createServer(() => {}).listen(path.join(dir, `${id}.sock`))
  t.teardown(() => server.close())
  await once(server, 'listening')
  t.is(await stateOf(dir, id), 'unresponsive')
  server.removeAllListeners('connection')
  server.on('connection', socket => socket.destroy())
  t.is(await stateOf(dir, id), 'unresponsive')
})

test('nothing is said of one that cannot be asked', async t => {
  const file = path.join(tempDir(t), 'file')
  fs.writeFileSync(file, '')
  t.is(await stateOf(file, createHostId()), 'unknown')
})

test('one whose backlog is full, since it accepts nobody', async t => {
  const id = createHostId()
  const dir = tempDir(t)
  const address = path.join(dir, `${id}.sock`)
  const server = createServer(() => {}).listen({ path: address, backlog: 1 })
  await once(server, 'listening')
  // Within one turn of the event loop nobody is accepted.
  const waiting = Array.from({ length: 4 }, () => connect(address).on('error', () => {}))
  t.teardown(() => {
    for (const socket of waiting) socket.destroy()
    server.close()
  })
  t.is(await stateOf(dir, id), 'unresponsive')
})

test('one that hangs up once, since it closes just now, is asked again', async t => {
  const id = createHostId()
  const dir = tempDir(t)
  let asked = 0
  const server = createServer(socket => void (++asked === 1 ? socket.destroy() : socket.end('pong\n'))).listen(
    path.join(dir, `${id}.sock`),
  )
  t.teardown(() => server.close())
  await once(server, 'listening')
  t.is(await stateOf(dir, id), 'alive')
  t.is(asked, 2)
})

test('garbage, floods and callers that hang up do not hurt a host', async t => {
  const id = createHostId()
  const dir = tempDir(t)
  const host = new HostSocket(dir, id)
  await host.open()
  for (const bytes of ['garbage\n', '\0\0\n\nping', 'x'.repeat(100_000), 'ping\n'.repeat(1_000)]) {
    const socket = connect(path.join(dir, `${id}.sock`)).on('error', () => {})
    await once(socket, 'connect')
    socket.write(bytes)
    setImmediate(() => socket.destroy())
    await once(socket, 'close')
  }
  t.is(await stateOf(dir, id), 'alive')
  await host.close()
})

test('many who ask at once share one question', async t => {
  const id = createHostId()
  const dir = tempDir(t)
  let asked = 0
  const server = createServer(socket => socket.end('pong\n'))
    .on('connection', () => (asked += 1))
    .listen(path.join(dir, `${id}.sock`))
  t.teardown(() => server.close())
  await once(server, 'listening')
  const liveness = new Liveness(dir)
  t.deepEqual(await Promise.all(Array.from({ length: 50 }, () => liveness.stateOf(id, true))), Array(50).fill('alive'))
  t.is(await liveness.stateOf(id, true), 'alive')
  t.is(asked, 1)
})

test('a socket that is deleted is made anew, however often, and is nobody’s death meanwhile', async t => {
  const id = createHostId()
  const dir = tempDir(t)
  const host = new HostSocket(dir, id)
  await host.open()
  for (let i = 0; i < 20; i++) {
    fs.rmSync(path.join(dir, `${id}.sock`))
    t.false(host.isThere)
    if (process.platform === 'linux') t.is(await stateOf(dir, id), 'alive')
    await host.open()
    t.true(host.isThere)
    t.is(await stateOf(dir, id), 'alive')
  }
  // Something else in its place is not its socket.
  fs.rmSync(path.join(dir, `${id}.sock`))
  fs.mkdirSync(path.join(dir, `${id}.sock`))
  t.false(host.isThere)
  if (process.platform === 'linux') t.is(await stateOf(dir, id), 'alive')
  await t.throwsAsync(host.open())
  t.false(host.isThere)
  fs.rmdirSync(path.join(dir, `${id}.sock`))
  await host.open()
  t.true(host.isThere)
  await host.close()
  t.is(await stateOf(dir, id), 'dead')
})

test('without an abstract socket in sight a reader waits until a living host has made its socket anew', async t => {
  const id = createHostId()
  const dir = tempDir(t)
  const before = performance.now()
  t.is(await new Liveness(dir).stateOf(id, false), 'dead')
  t.true(performance.now() - before > 900, 'an absence is believed in after a second look')
  const host = new HostSocket(dir, id)
  const asked = new Liveness(dir).stateOf(id, false)
  setTimeout(() => void host.open(), 200)
  t.is(await asked, 'alive')
  await host.close()
})
