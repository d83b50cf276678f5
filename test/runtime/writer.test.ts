import test from 'ava'
import { Writer } from '../../src/runtime/process/writer.ts'
import { systemClock } from '../../src/record/clock.ts'
import type { JournalLine } from '../../src/record/record.ts'
import { aRecord, aTransition } from '../../src/testing/conformance/samples.ts'
import { memoryStore } from '../../src/testing/index.ts'
import { gate } from './gate.ts'

test('lines that wait for a slow store are written in the order in which they were made', async t => {
  const { promise, open } = gate()
  const written: number[] = []
  const store = await memoryStore().openHost()
  const writer = new Writer({
    store: {
      ...store,
      async write({ revision }: JournalLine) {
        await promise
        written.push(revision)
      },
    },
    clock: systemClock,
    onStoreError: error => t.fail(String(error)),
    onLoss: (_pid, error) => t.fail(String(error)),
  })
  const record = aRecord()
  for (const revision of [2, 3, 4, 5]) writer.write(aTransition(record, revision))
  open()
  await writer.barrier()
  t.deepEqual(written, [2, 3, 4, 5])
  await store.close()
})
