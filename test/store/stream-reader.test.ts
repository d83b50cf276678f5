import { once } from 'node:events'
import path from 'node:path'
import test from 'ava'
import { createRuntime, defineProcess } from '../../src/index.ts'
import { spawn } from './children/spawn.ts'
import { tempDir } from './helpers.ts'

const CHUNKS = 4_000
const KILLED_AT = 2_000

for (const kind of ['store', 'store.sqlite'])
  test(`${kind}: a reader that is killed at chunk 2,000 goes on with chunk 2,001`, async t => {
    const half = Promise.withResolvers<void>()
    const writes = defineProcess({ name: 'writes' }).step('write', async ({ write }) => {
      for (let i = 0; i < CHUNKS; i++) {
        if (i === KILLED_AT + 100) await half.promise
        write(`${i}`)
        if (i % 50 === 0) await new Promise(setImmediate)
      }
    })
    const store = path.join(tempDir(t), kind)
    const runtime = await createRuntime({ processes: [writes], store })
    t.teardown(() => runtime.close())
    const { pid } = await runtime.start(writes)
    const seen: number[] = []
    const read = (from: number) => {
      const child = spawn(t, 'stream-reader', [store, pid, String(from)])
      child.on('message', ({ offset, chunk }: { offset: number; chunk: string }) => {
        if (seen.length >= KILLED_AT && from === 0) return void child.kill('SIGKILL')
        if (String(offset) === chunk) seen.push(offset)
      })
      return once(child, 'exit')
    }
    const [, signal] = (await read(0)) as [unknown, string]
    t.is(signal, 'SIGKILL')
    half.resolve()
    await read(seen.at(-1)! + 1)
    t.deepEqual(seen, [...Array.from({ length: CHUNKS }).keys()])
  })
