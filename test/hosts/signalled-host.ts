// A host that closes at SIGTERM; its step takes until it is told to end.
import { createRuntime, defineProcess, lowdbStore } from 'stepwright'

const [dir = ''] = process.argv.slice(2)
const endless = defineProcess({ name: 'endless' }).step(
  'wait',
  ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    }),
)
const runtime = await createRuntime({ processes: [endless], store: lowdbStore(dir), closeOn: ['SIGTERM'] })
const { pid } = await runtime.start(endless)
for await (const { status } of runtime.watch(pid)) if (status === 'running') process.send?.(pid)
