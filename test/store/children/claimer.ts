// Creates a process for each of many keys, at the same time as others like it, and says which pid
// each key has.
import { once } from 'node:events'
import { storeAt } from '../../../src/client/store-at.ts'
import { aRecord, theEnd } from '../../../src/testing/conformance/samples.ts'

const [path = '', count = '1', mode = 'keep'] = process.argv.slice(2)
const store = storeAt(path)
const host = await store.openHost()
process.send!('ready')
await once(process, 'message')
const made: { key: string; pid: string; created: boolean }[] = []
for (let i = 0; i < Number(count); i++) {
  const key = mode === 'delete' ? 'one' : `key-${i}`
  const record = aRecord({ key })
  const { pid, created } = await host.create(record)
  made.push({ key, pid, created })
  if (mode !== 'delete' || !created) continue
  // While it is there, whoever claims must be sent to it.
  const rival = await host.create(aRecord({ key }))
  if (rival.created || rival.pid !== pid) throw new Error(`${key} belongs to ${pid} and to ${rival.pid}`)
  await host.write(theEnd(record, 2))
  await store.delete(pid)
}
process.send!(made, () => process.exit())
