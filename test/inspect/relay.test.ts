import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { closeBrowser, openTab } from '../browser/chromium.ts'
import { spawnCli } from '../cli/store.ts'
import { tempDir } from '../temp-dir.ts'
import { serveStub, stubIn, toldIn, untilValue, values } from './stub.ts'

test.after.always(closeBrowser)

const HOST = fileURLToPath(new URL('slow-host.ts', import.meta.url))

async function startHost(t: ExecutionContext, name: string, dir: string) {
  const child = spawn(process.execPath, ['--conditions=@stepwright/source', '--no-warnings', HOST, name, dir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const line = async () => (await lines.next()).value as string
  return { pid: await line(), step: () => child.stdin.write('on\n'), line }
}

/** `stepwright inspect`, and the address it prints. */
async function startInspect(t: ExecutionContext, ...args: string[]) {
  const { child } = spawnCli([...args])
  t.teardown(() => child.kill('SIGKILL'))
  child.stderr.resume()
  const { value } = await createInterface(child.stdout)[Symbol.asyncIterator]().next()
  return value as string
}

test('stepwright inspect shows the processes of two hosts as they go on, and replays one that has ended', async t => {
  const dir = await tempDir(t)
  const stub = await serveStub(t)
  const [first, second] = [await startHost(t, 'first', dir), await startHost(t, 'second', dir)]
  const tab = await openTab(t)
  await tab.goto(await startInspect(t, '--store', dir, 'inspect', '--no-open', '--url', stub))
  const frame = await stubIn(tab)
  await untilValue(frame, { running: 'one' }, first.pid)
  await untilValue(frame, { running: 'one' }, second.pid)
  first.step()
  await untilValue(frame, { running: { two: 'attempting' } }, 'first')
  first.step()
  const told = await untilValue(frame, 'finished', 'first')
  t.deepEqual(values(told, first.pid), [
    { running: 'one' },
    { running: { two: 'attempting' } },
    { running: 'three' },
    'finished',
  ])
  const { id, states } = JSON.parse(told.find(({ name }) => name === `first ${first.pid}`)!.definition!) as {
    id: string
    states: Record<string, { states: object }>
  }
  t.is(id, 'first')
  t.deepEqual(Object.keys(states['running']!.states), ['one', 'two', 'three'])

  // One that begins later is met as well.
  const third = await startHost(t, 'third', dir)
  await untilValue(frame, { running: 'one' }, third.pid)
  t.deepEqual(tab.problems, [])

  // The first one again, from its journal.
  t.is(await first.line(), 'finished')
  const again = await openTab(t)
  await again.goto(
    await startInspect(t, '--store', dir, 'inspect', first.pid, '--speed', '1000', '--no-open', '--url', stub),
  )
  const replay = await untilValue(await stubIn(again), 'finished', first.pid)
  t.deepEqual(values(replay, first.pid), [
    { running: 'one' },
    { running: { two: 'attempting' } },
    { running: 'three' },
    'finished',
  ])
  t.is(replay[0]!.snapshot?.value, 'pending')
  t.is((await toldIn(await stubIn(again))).filter(({ type }) => type === '@xstate.actor').length, 1)
})
