import test from 'ava'
import { createRuntime, defineProcess, openClient, ProcessError } from '../../src/index.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { settled } from './gate.ts'

const failing = defineProcess({ name: 'failing' }).step('work', async () => {
  await settled(3)
  throw new Error('The disk is full')
})
const parent = defineProcess({ name: 'parent' }).process('child', failing)

async function host(store = memoryStore()) {
  const told: string[] = []
  const tell = (_: object, message: string): void => void told.push(message)
  const logger = { debug() {}, info() {}, warn: tell, error: tell }
  const runtime = await createRuntime({ processes: [failing, parent], store, logger, worker: true })
  return { runtime, told, store }
}

test('a process that fails, and that nobody waits for, is told once', async t => {
  const { runtime, told, store } = await host()
  const { pid } = await runtime.start(failing)
  const submitted = await openClient(store).submit('failing')
  while (told.length < 2) await settled()
  await settled(20)
  for (const one of [pid, submitted])
    t.true(
      told.includes(
        `Process ${one} (failing) failed in step 'work', attempt 1, and nobody here waits for it: The disk is full`,
      ),
      told.join(),
    )
  t.is(told.length, 2)
  await runtime.close()
})

test('one that somebody waits for, or follows, is not told; of a parent and its child, the parent is', async t => {
  const { runtime, told } = await host()
  const job = await runtime.start(failing)
  await t.throwsAsync(job.result(), { instanceOf: ProcessError })
  const seen: string[] = []
  const stop = (await runtime.start(failing)).subscribe(({ status }) => void seen.push(status))
  while (!seen.includes('error')) await settled()
  stop()
  await t.throwsAsync(runtime.result((await runtime.start(failing)).pid))
  for await (const { status } of runtime.watch((await runtime.start(failing)).pid)) seen.push(status)
  await settled(20)
  t.deepEqual(told, [])
  const { pid } = await runtime.start(parent)
  while (told.length === 0) await settled()
  await settled(20)
  t.is(told.length, 1)
  t.true(told[0]!.includes(pid))
  runtime.on('process', () => {})
  const last = await runtime.start(failing)
  while ((await runtime.get(last.pid))?.status !== 'error') await settled()
  await settled(20)
  t.is(told.length, 1)
  await runtime.close()
})
