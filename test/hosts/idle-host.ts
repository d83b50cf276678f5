// A program that has nothing of its own to stay for: what of its runtime keeps Node alive?
import { setTimeout as delay } from 'node:timers/promises'
import { createRuntime, defineProcess, lowdbStore } from 'stepwright'

const [dir = '', kind = ''] = process.argv.slice(2)
/** Works for a while on something that holds nothing alive by itself. */
const work = async () => {
  await delay(200, undefined, { ref: false })
  return 'done'
}
const running = defineProcess({ name: 'running' }).step('s', work)
const asking = defineProcess({ name: 'asking' }).interrupt('ask', { timeout: '1h' })
const runtime = await createRuntime({ processes: [running, asking], store: lowdbStore(dir), concurrency: 1 })

if (kind === 'running' || kind === 'pending') await runtime.start(running)
// Waits for the slot of the first, then takes as long.
if (kind === 'pending') await runtime.start(running)
if (kind === 'interrupted') await runtime.start(asking)
if (kind === 'adopting')
  for await (const { status, host } of runtime.list())
    if (host?.osPid !== process.pid || status !== 'interrupted') process.exit(3)
