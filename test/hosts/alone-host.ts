// A program that does nothing but start one process: does Node stay for it?
import { createRuntime, defineProcess, lowdbStore } from 'stepwright'

const [dir = '', kind = ''] = process.argv.slice(2)
const sleeping = defineProcess({ name: 'sleeping' }).sleep('nap', '200ms')
const retrying = defineProcess({ name: 'retrying' }).step(
  's',
  ({ attempt }) => {
    if (attempt === 1) throw new Error('x')
  },
  { retry: { attempts: 2, delay: '200ms' } },
)
const interrupted = defineProcess({ name: 'interrupted' }).interrupt('ask', { timeout: '1h' })
const failing = defineProcess({ name: 'failing' }).step('s', () => {
  throw new Error('nobody asks')
})
const processes = { sleeping, retrying, interrupted, failing }
const runtime = await createRuntime({ processes: Object.values(processes), store: lowdbStore(dir) })
await runtime.start(processes[kind as keyof typeof processes])
