// A host in a process of its own: makes the processes it is told to, says so, and stays until it is
// killed.
import { storeAt } from '../../../src/client/store-at.ts'
import { aTransition, created, ended } from '../../../src/testing/conformance/samples.ts'

const [path = '', count = '1'] = process.argv.slice(2)
const host = await storeAt(path).openHost()
const pids: string[] = []
for (let i = 0; i < Number(count); i++) {
  const record = await created(host)
  await host.write(aTransition(record, 2))
  pids.push(record.pid)
}
const done = await ended(host)
process.send!({ hostId: host.hostId, pids, done: done.pid })
setInterval(() => {}, 60_000)
