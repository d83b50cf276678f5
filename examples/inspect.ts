// Shows processes live in the Stately inspector, as charts in which each step is a state.
// It runs one process after another until Ctrl-C, or a single one with --once.
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createRuntime, defineProcess, typed } from 'stepwright'
import { inspector } from 'stepwright/inspect'

const slowly = async <T>(result: T, signal: AbortSignal): Promise<T> => setTimeout(1500, result, { signal })

const importPages = defineProcess({ name: 'import-pages', input: typed<{ pages: number }>() })
  .step('download', ({ data, signal }) => slowly({ bytes: data.pages * 2048 }, signal))
  .step(
    'parse',
    ({ data, signal, attempt }) => {
      if (attempt === 1) throw new Error('the first attempt always fails, to show a retry')
      return slowly(data, signal)
    },
    { retry: { attempts: 2, delay: '1s' } },
  )
  .sleep('cool-off', '1s')
  .step('publish', ({ data, signal }) => slowly(data, signal))

const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } })
const shown = inspector({ quiet: true })
console.log(`Open ${await shown.url}`)

const runtime = await createRuntime({ processes: [importPages], inspect: shown })
do {
  const job = await runtime.start(importPages, { pages: 12 })
  console.log(`Process ${job.pid} started`)
  await job.result()
  console.log(`Process ${job.pid} finished`)
} while (!values.once)
await runtime.close()
await shown.close()
