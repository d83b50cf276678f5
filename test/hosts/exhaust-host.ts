// A host with little memory: a step that takes more than there is must not take the host with it.
import { createRuntime, defineProcess, type IsolateMode } from 'stepwright'
import { memoryStore } from 'stepwright/testing'

const isolate = process.argv[2] as IsolateMode
const definition = defineProcess({ name: 'greedy' }).step(
  'exhaust',
  { module: new URL('../runtime/isolated.ts', import.meta.url), export: 'exhaust' },
  {
    isolate,
    retry: { attempts: 2, delay: 0, when: error => (error as { code?: unknown }).code === 'ERR_STEP_CRASHED' },
  },
)
const runtime = await createRuntime({ processes: [definition], store: memoryStore() })
const job = await runtime.start(definition)
process.send?.(await job.result())
await runtime.close()
process.disconnect?.()
