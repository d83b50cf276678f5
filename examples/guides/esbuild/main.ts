// One file with all that it needs: `npm run build && npm start`. A step with `isolate` is a module of
// its own, which is loaded by its path: bundle it as another entry point.
import { createRuntime, defineProcess } from 'stepwright'

const add = defineProcess({ name: 'add' })
  .step('one', () => 1)
  .step('two', ({ data }) => data + 2)

const runtime = await createRuntime({ processes: [add] })
console.log(await (await runtime.start(add)).result())
await runtime.close()
