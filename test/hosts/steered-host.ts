// A host, or a worker, in a process of its own: starts as many processes as it is told to, prints
// their pids, and stays until it is killed.
//   steered-host.ts <dir> [count] [worker]
import { createRuntime, defineProcess, typed } from '../../src/index.ts'

const signOff = defineProcess({ name: 'sign-off', input: typed<{ n: number }>() })
  .step('prepare', ({ data }) => ({ n: data.n }))
  .interrupt('ask')
  .step('work', ({ data, signal }) =>
    'hold' in data
      ? new Promise<object>((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        })
      : data,
  )
const [dir = '', count = '0', worker] = process.argv.slice(2)
const runtime = await createRuntime({ processes: [signOff], store: dir, worker: worker === 'worker' })
const jobs = await Promise.all(Array.from({ length: Number(count) }, (_, n) => runtime.start(signOff, { n })))
const paused = jobs.map(async ({ pid }) => {
  for await (const { status } of runtime.watch(pid)) if (status === 'interrupted') return
})
await Promise.all(paused)
process.send!(jobs.map(({ pid }) => pid))
setInterval(() => {}, 60_000)
