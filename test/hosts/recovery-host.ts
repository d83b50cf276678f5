// A host that is killed while its processes are in a step, in a retry wait, asleep, interrupted and
// pending. Says so once all of them are.
import { createRuntime, lowdbStore } from 'stepwright'
import { queueing, waiting, working } from './recovery-processes.ts'

const [dir = ''] = process.argv.slice(2)
const runtime = await createRuntime({
  processes: [...waiting, working, queueing],
  store: lowdbStore(dir),
  concurrency: 1,
})

const pids: Record<string, string> = {}
for (const definition of waiting) {
  const { pid } = await runtime.start(definition)
  pids[definition.name] = pid
  for await (const { status, steps } of runtime.watch(pid))
    if (status !== 'pending' && steps[0]?.status !== 'running') break
}
const { pid } = await runtime.start(working)
for await (const { steps } of runtime.watch(pid)) if (steps[1]?.progress) break
const { pid: queued } = await runtime.start(queueing)
process.send?.({ ...pids, working: pid, queueing: queued })
