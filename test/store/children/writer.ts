// Writes to many processes at once until it is killed, and prints each revision that the store has
// promised to keep.
import fs from 'node:fs'
import { storeAt } from '../../../src/client/store-at.ts'
import { aRecord, aTransition } from '../../../src/testing/conformance/samples.ts'

const [path = '', count = '1'] = process.argv.slice(2)
const host = await storeAt(path).openHost()

async function write(): Promise<never> {
  const record = aRecord()
  await host.create(record)
  for (let revision = 2; ; revision++) {
    await host.write(aTransition(record, revision, { data: { revision, fill: 'x'.repeat(revision % 500) } }))
    // Not through a stream: what is printed is out when the next line is written.
    fs.writeSync(1, `${record.pid} ${revision}\n`)
  }
}

await Promise.all(Array.from({ length: Number(count) }, write))
