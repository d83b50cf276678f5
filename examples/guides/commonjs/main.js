// Node can require modules that are ESM: nothing special is needed.
const { createRuntime, defineProcess } = require('stepwright')

const add = defineProcess({ name: 'add' })
  .step('one', () => 1)
  .step('two', ({ data }) => data + 2)

async function main() {
  const runtime = await createRuntime({ processes: [add] })
  const job = await runtime.start(add)
  console.log(await job.result())
  await runtime.close()
}

main()
