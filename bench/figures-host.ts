// A host for `npm run figures`: leaves as many processes as it is told to in each of two kinds of
// wait, and in a step, and stays until it is killed.
import { createRuntime, lowdbStore } from 'stepwright'
import { asking, begun, napping, working } from './figures-processes.ts'

const [dir = '', naps = '0', asks = '0', works = '0'] = process.argv.slice(2)
const runtime = await createRuntime({
  processes: [napping, asking, working],
  store: lowdbStore(dir),
  concurrency: 1_000,
  recover: false,
})
const pids: string[] = []
const atWork = Promise.withResolvers<void>()
let left = Number(works)
begun.on = () => {
  if (--left === 0) atWork.resolve()
}
for (let n = 0; n < Number(naps); n++) pids.push((await runtime.start(napping, { n })).pid)
for (let n = 0; n < Number(asks); n++) pids.push((await runtime.start(asking, { n })).pid)
for (const pid of pids)
  for await (const { status } of runtime.watch(pid)) if (status === 'sleeping' || status === 'interrupted') break
for (let n = 0; n < Number(works); n++) pids.push((await runtime.start(working, { n })).pid)
if (Number(works) > 0) await atWork.promise
process.send?.(pids.at(-1) ?? '')
setInterval(() => {}, 1_000)
