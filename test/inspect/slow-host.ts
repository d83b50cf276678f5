import { createInterface } from 'node:readline'
import { createRuntime, defineProcess, lowdbStore } from '../../src/index.ts'

// A host in a process of its own: each line on its stdin lets its process go one step further.
const [name, dir] = process.argv.slice(2) as [string, string]
const lines = createInterface(process.stdin)[Symbol.asyncIterator]()
const next = async () => (await lines.next()).value
const definition = defineProcess({ name })
  .step('one', next)
  .step('two', next, { retry: 2 })
  .step('three', () => 'done')
const runtime = await createRuntime({ processes: [definition], store: lowdbStore(dir) })
const job = await runtime.start(definition)
console.log(job.pid)
await job.result()
console.log('finished')
await runtime.close()
process.exit()
