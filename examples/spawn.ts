// The shortest complete program: define a process, start it, watch it, and print its result.
import { setTimeout } from 'node:timers/promises'
import { createRuntime, defineProcess, typed } from 'stepwright'

const brewTea = defineProcess({ name: 'brew-tea', input: typed<{ cups: number }>() })
  .step('boil', async ({ data, progress, signal }) => {
    for (let degrees = 20; degrees <= 100; degrees += 20) {
      await setTimeout(200, undefined, { signal })
      progress(degrees, 100, `${degrees} °C`)
    }
    return { cups: data.cups, litres: data.cups * 0.25 }
  })
  .step('steep', async ({ data, signal }) => {
    await setTimeout(500, undefined, { signal })
    return data
  })
  .step('pour', ({ data }) => `${data.cups} cups of tea, ${data.litres} litres`)

// From here on its processes are in the folder .stepwright, where any Node process can read them.
const runtime = await createRuntime({ processes: [brewTea] })
const job = await runtime.start(brewTea, { cups: 3 })
console.log(`Process ${job.pid}`)

job.subscribe(({ status, steps }) => {
  const step = steps.find(step => step.status === 'running')
  console.log(step ? `${step.name} ${step.progress?.message ?? ''}`.trim() : status)
})
console.log(await job.result())
await runtime.close()
