// A worker whose processes are limited: two of a key at a time, and so many of all within a time.
// It appends to a file what begins and ends, in the order in which that happens.
import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { createRuntime, defineProcess, typed } from '../../src/index.ts'

const [store = '', effects = '', rate = '1000000/1s'] = process.argv.slice(2)

const note = (what: 'begin' | 'end', pid: string, key: string): void =>
  appendFileSync(effects, `${JSON.stringify({ what, pid, key, at: Date.now(), host: process.pid })}\n`)

const limited = defineProcess({
  name: 'limited',
  input: typed<string>(),
  limit: [
    { concurrency: 2, key: ({ input }) => input },
    { rate: rate as '9/1s', name: 'all' },
  ],
})
  .step('begin', async ({ pid, input }) => {
    note('begin', pid, input)
    await delay(20 + Math.random() * 100)
  })
  .sleep('rest', ({ input }) => (input === '0' ? 20 : 0))
  .step('end', async ({ pid, input }) => {
    await delay(Math.random() * 20)
    note('end', pid, input)
  })
await createRuntime({
  processes: [limited],
  store,
  worker: true,
  concurrency: 30,
  maxRecoveries: 1_000,
  retention: false,
})
process.send?.('ready')
