import { once } from 'node:events'
import fs from 'node:fs'
import { connect, createServer } from 'node:net'
import path from 'node:path'
import test from 'ava'
import { openHostSocket } from '../../../src/store/hosts/host-socket.ts'
import { Liveness } from '../../../src/store/hosts/liveness.ts'
import { tempDir } from '../helpers.ts'

const ID = 'habcdefghijk'
const stateOf = (dir: string): Promise<string> => new Liveness(dir).stateOf(ID)

for (const [name, sub] of [
  ['short', ''],
  ['too long for a socket', 'deep/'.repeat(40)],
] as const) {
  test(`a path that is ${name}`, async t => {
    const dir = path.join(tempDir(t), sub)
    fs.mkdirSync(dir, { recursive: true })
    t.is(await stateOf(dir), 'dead')
    const beacon = await openHostSocket(dir, ID)
    t.deepEqual(fs.readdirSync(dir), [`${ID}.sock`])
    t.deepEqual(await Promise.all(Array.from({ length: 50 }, () => stateOf(dir))), Array(50).fill('alive'))
    await beacon.close()
    t.is(await stateOf(dir), 'dead')
    t.deepEqual(fs.readdirSync(dir), [])
  })
}

test('a socket that nobody listens on', async t => {
  const dir = tempDir(t)
  fs.writeFileSync(path.join(dir, `${ID}.sock`), '')
  t.is(await stateOf(dir), 'dead')
})

test('one that accepts and does not answer, and one that hangs up', async t => {
  const dir = tempDir(t)
  const server = createServer(() => {}).listen(path.join(dir, `${ID}.sock`))
  t.teardown(() => server.close())
  await once(server, 'listening')
  t.is(await stateOf(dir), 'unresponsive')
  server.removeAllListeners('connection')
  server.on('connection', socket => socket.destroy())
  t.is(await stateOf(dir), 'unresponsive')
})

test('garbage, floods and callers that hang up do not hurt a host', async t => {
  const dir = tempDir(t)
  const beacon = await openHostSocket(dir, ID)
  for (const bytes of ['garbage\n', '\0\0\n\nping', 'x'.repeat(100_000), 'ping\n'.repeat(1_000)]) {
    const socket = connect(path.join(dir, `${ID}.sock`)).on('error', () => {})
    await once(socket, 'connect')
    socket.write(bytes)
    setImmediate(() => socket.destroy())
    await once(socket, 'close')
  }
  t.is(await stateOf(dir), 'alive')
  await beacon.close()
})

test('many who ask at once share one question', async t => {
  const dir = tempDir(t)
  let asked = 0
  const server = createServer(socket => socket.end('pong\n'))
    .on('connection', () => (asked += 1))
    .listen(path.join(dir, `${ID}.sock`))
  t.teardown(() => server.close())
  await once(server, 'listening')
  const liveness = new Liveness(dir)
  t.deepEqual(await Promise.all(Array.from({ length: 50 }, () => liveness.stateOf(ID))), Array(50).fill('alive'))
  t.is(await liveness.stateOf(ID), 'alive')
  t.is(asked, 1)
})
