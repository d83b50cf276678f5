// A host that may open few files, with many more processes: writes to all of them, and reads them
// back.
import { storeAt } from '../../../src/client/store-at.ts'
import { aTransition, collect, created, theEnd } from '../../../src/testing/conformance/samples.ts'

const [path = '', count = '1'] = process.argv.slice(2)
const store = storeAt(path)
let code = 'fine'
try {
  const host = await store.openHost()
  const records = []
  for (let i = 0; i < Number(count); i++) records.push(await created(host, { key: `k${i}` }))
  for (const record of records) await host.write(aTransition(record, 2))
  if ((await collect(store.list())).length !== records.length) throw new Error('the list is not complete')
  for (const record of records) await host.write(theEnd(record, 3))
  await host.close()
} catch (error) {
  code = (error as { code?: string }).code ?? String(error)
}
process.send!(code, () => process.exit())
