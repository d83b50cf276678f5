// A host opens where very many processes wait, and takes them in order. Says how that went.
// node --conditions=@stepwright/source test/store/children/many-pending.ts <store> <count>
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRuntime, defineProcess, openClient } from '../../../src/index.ts'
import { storeAt } from '../../../src/client/store-at.ts'

const [kind = 'store', number = '100000'] = process.argv.slice(2)
const count = Number(number)
const dir = mkdtempSync(join(tmpdir(), 'pending-'))
const store = storeAt(join(dir, kind))

const cpuMs = (): number => process.cpuUsage().user / 1000
let [longestMs, sinceMs, isOver] = [0, cpuMs(), false]
function turn(): void {
  longestMs = Math.max(longestMs, cpuMs() - sinceMs)
  sinceMs = cpuMs()
  if (!isOver) setImmediate(turn)
}

const client = openClient(store)
let begun = performance.now()
const pids: string[] = []
for (let i = 0; i < count; i += 500)
  pids.push(
    ...(await Promise.all(Array.from({ length: Math.min(500, count - i) }, (_, n) => client.submit('tiny', i + n)))),
  )
const submitted = performance.now() - begun
begun = performance.now()
const order: number[] = []
const done = Promise.withResolvers<void>()
const tiny = defineProcess({ name: 'tiny' }).step('one', ({ input }) => {
  order.push(input as number)
  if (order.length === count) done.resolve()
})
setImmediate(turn)
const runtime = await createRuntime({ processes: [tiny], store, worker: true, concurrency: 100 })
const opened = performance.now() - begun
const timer = setInterval(
  () => console.log(order.length, Math.round(process.memoryUsage.rss() / 2 ** 20), Math.round(longestMs)),
  5000,
)
await done.promise
clearInterval(timer)
isOver = true
const taken = performance.now() - begun
let worst = 0
for (const [place, one] of order.entries()) worst = Math.max(worst, Math.abs(place - one))
console.log(
  JSON.stringify({
    kind,
    count,
    submittedMs: Math.round(submitted),
    openedMs: Math.round(opened),
    takenMs: Math.round(taken),
    longestMs: Math.round(longestMs),
    outOfPlace: worst,
    rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
    heap: Math.round(process.memoryUsage().heapUsed / 2 ** 20),
  }),
)
await runtime.close()
await client.close()
rmSync(dir, { recursive: true })
