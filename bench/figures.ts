// npm run figures: what the promises about dead hosts, waits and timers come to on this machine, in figures.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createRuntime, defineProcess, lowdbStore, openClient, type Runtime } from 'stepwright'
import { asking, begun, napping, working } from './figures-processes.ts'
import { median, quantile } from './measure.ts'

interface Figure {
  readonly figure: string
  readonly median: string
  readonly p99: string
  readonly worst: string
  readonly wanted: string
}

const ROUNDS = 10
const rows: Figure[] = []
const tell = (figure: string, values: readonly number[], unit: string, wanted: string): void => {
  const show = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
  rows.push({
    figure,
    median: show(median(values)),
    p99: show(quantile(values, 0.99)),
    worst: show(Math.max(...values)),
    wanted,
  })
  process.stderr.write(`${figure}\n`)
}

/** Beside the bench, so that it is the disk that is measured and not a file system in memory. */
async function inStore(measure: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(import.meta.dirname, '.store-'))
  await measure(dir)
  await rm(dir, { recursive: true, force: true })
}

/**
 * A host in a process of its own that has so many processes asleep, interrupted and in a step; and
 * the pid of one of them.
 */
async function host(dir: string, naps: number, asks: number, works = 0): Promise<{ child: ChildProcess; pid: string }> {
  const args = [dir, String(naps), String(asks), String(works)]
  const child = fork(join(import.meta.dirname, 'figures-host.ts'), args, { execArgv: process.execArgv })
  return { child, pid: ((await once(child, 'message')) as [string])[0] }
}

async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await delay(1)
}

const open = (dir: string): Promise<Runtime> => createRuntime({ processes: [napping, asking], store: lowdbStore(dir) })

await inStore(async dir => {
  const client = openClient(dir)
  const noticed: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const { child, pid } = await host(dir, 1, 0)
    const stateIs = async (state: string) => (await client.get(pid))?.host?.state === state
    await until(() => stateIs('alive'))
    child.kill('SIGKILL')
    const killed = performance.now()
    await until(() => stateIs('dead'))
    noticed.push(performance.now() - killed)
  }
  tell('a reader that keeps looking sees that a host was killed', noticed, 'ms', 'under 100 ms')
  await client.close()
})

await inStore(async dir => {
  const runtime = await open(dir)
  const [own] = await runtime.hosts()
  const adopted: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const { child, pid } = await host(dir, 1, 0)
    // At any moment between two rounds of adoption.
    await delay(round * 50)
    child.kill('SIGKILL')
    const killed = performance.now()
    await until(async () => (await runtime.get(pid))?.host?.id === own?.id)
    adopted.push(performance.now() - killed)
  }
  tell('a living host has taken over from one that was killed', adopted, 'ms', 'under 2000 ms')
  await runtime.close()
})

/**
 * From the SIGKILL of a host to the first step that its heir begins, of each of its processes:
 * milliseconds.
 */
async function killToNextStep(dir: string, processes: number, rounds: number): Promise<number[]> {
  const runtime = await createRuntime({ processes: [working], store: lowdbStore(dir), concurrency: processes })
  const found: number[] = []
  // A host without a process does not keep Node alive.
  const alive = setInterval(() => {}, 1_000)
  for (let round = 0; round < rounds; round++) {
    const { child } = await host(dir, 0, 0, processes)
    // At any moment between two rounds of adoption.
    await delay((round * 500) / rounds)
    const all = Promise.withResolvers<void>()
    let left = processes
    let killed = 0
    begun.on = () => {
      found.push(performance.now() - killed)
      if (--left === 0) all.resolve()
    }
    child.kill('SIGKILL')
    killed = performance.now()
    await all.promise
    await runtime.idle()
  }
  clearInterval(alive)
  await runtime.close()
  return found
}

await inStore(async dir => {
  tell(
    'from the kill of a host to the next step of its process',
    await killToNextStep(dir, 1, 2 * ROUNDS),
    'ms',
    'under 2000 ms',
  )
})
await inStore(async dir => {
  tell('  of each of its 1,000 processes', await killToNextStep(dir, 1_000, ROUNDS / 2), 'ms', 'under 2000 ms')
})

const heapAfterGc = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const PROCESSES = 10_000
await inStore(async dir => {
  const { child } = await host(dir, PROCESSES / 2, PROCESSES / 2)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const before = heapAfterGc()
  const begun = performance.now()
  const cpu = process.cpuUsage()
  const runtime = await open(dir)
  const { user, system } = process.cpuUsage(cpu)
  tell(
    `${PROCESSES} waiting processes of a host that was killed are taken over`,
    [(performance.now() - begun) / 1_000],
    's',
    'under 5 s',
  )
  tell('  CPU of that', [(user + system) / 1_000_000], 's', '')
  tell('  memory for each', [(heapAfterGc() - before) / PROCESSES / 1_024], 'KiB', 'under 10 KiB')
  await runtime.close()
})

const SLEEPERS = 1_000
await inStore(async dir => {
  const runtime = await open(dir)
  // What is made once, for the first of them.
  for (let n = 0; n < SLEEPERS; n++) await (await runtime.start(napping, { n })).cancel()
  const before = heapAfterGc()
  const jobs = await Promise.all(Array.from({ length: SLEEPERS }, (_, n) => runtime.start(napping, { n })))
  await until(async () =>
    (await Promise.all(jobs.slice(-100).map(({ pid }) => runtime.get(pid)))).every(info => info?.status === 'sleeping'),
  )
  const pids = jobs.splice(0).map(({ pid }) => pid)
  tell(
    `${pids.length} sleeping processes: memory for each`,
    [(heapAfterGc() - before) / SLEEPERS / 1_024],
    'KiB',
    'under 10 KiB',
  )
  const idleMs = 5_000
  const cpu = process.cpuUsage()
  await delay(idleMs)
  const { user, system } = process.cpuUsage(cpu)
  tell(
    '  CPU while they sleep',
    [(user + system) / 1_000 / (idleMs / 1_000)],
    'ms a second',
    'none: 2 looks for dead hosts a second',
  )
  await runtime.close()
})

await inStore(async dir => {
  const late: number[] = []
  const timed = defineProcess({ name: 'timed' }).step(
    'wait',
    ({ signal }) => {
      const due = performance.now() + 200
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          late.push(performance.now() - due)
          reject(signal.reason as Error)
        })
      })
    },
    { timeout: 200 },
  )
  const runtime = await createRuntime({ processes: [timed], store: lowdbStore(dir) })
  for (let round = 0; round < 2 * ROUNDS; round++) await (await runtime.start(timed)).result().catch(() => {})
  tell('a step timeout fires after its time by', late, 'ms', 'under 20 ms')
  await runtime.close()
})

console.table(rows)
