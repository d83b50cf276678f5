// A host opens where very many processes wait, and takes them in order.
// node --conditions=@stepwright/source test/store/children/many-pending.ts <store> <how many wait> <how many are taken>
import { execFileSync } from 'node:child_process'
import { createRuntime, defineProcess, openClient } from '../../../src/index.ts'

/** What it says. Times are of this process's CPU, in milliseconds: others do not count. */
export interface PendingTold {
  readonly waiting: number
  readonly taken: number
  /** How far from its place in the order of submissions one was taken, at most. */
  readonly outOfPlace: number
  readonly cpuMs: number
  /** The longest time in which the event loop did not turn. */
  readonly longestTurnMs: number
  readonly rssMiB: number
}

/** Submitted together: their pids may have one millisecond, and then no order. */
export const BATCH = 200

const cpuMs = (): number => process.cpuUsage().user / 1000

async function submit(store: string, count: number): Promise<void> {
  const client = openClient(store)
  for (let i = 0; i < count; i += BATCH)
    await Promise.all(Array.from({ length: Math.min(BATCH, count - i) }, (_, n) => client.submit('tiny', i + n)))
  await client.close()
}

async function take(store: string, waiting: number, most: number): Promise<PendingTold> {
  const order: number[] = []
  const done = Promise.withResolvers<void>()
  const tiny = defineProcess({ name: 'tiny' }).step('one', ({ input }) => {
    if (order.push(input as number) === most) done.resolve()
  })
  const begunMs = cpuMs()
  let [longestTurnMs, sinceMs, isOver] = [0, begunMs, false]
  const turn = (): void => {
    longestTurnMs = Math.max(longestTurnMs, cpuMs() - sinceMs)
    sinceMs = cpuMs()
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  const runtime = await createRuntime({ processes: [tiny], store, worker: true, concurrency: 100 })
  await done.promise
  isOver = true
  const told = {
    waiting,
    taken: order.length,
    outOfPlace: Math.max(...order.slice(0, most).map((one, place) => Math.abs(place - one))),
    cpuMs: Math.round(cpuMs() - begunMs),
    longestTurnMs: Math.round(longestTurnMs),
    rssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  }
  await runtime.close()
  return told
}

if (process.argv[1] === import.meta.filename) {
  const [store = '', waiting = '', most = waiting] = process.argv.slice(2)
  if (most === 'submit') await submit(store, Number(waiting))
  else {
    execFileSync(process.execPath, [...process.execArgv, import.meta.filename, store, waiting, 'submit'])
    const told = await take(store, Number(waiting), Number(most))
    if (process.send) process.send(told)
    else console.log(JSON.stringify(told))
  }
}
