import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { JournalTail } from '../../src/journal/tail.ts'
import { encodeFirst, encodeLine } from '../../src/journal/line.ts'
import { aRecord, aReport, aTransition } from '../../src/testing/conformance/samples.ts'
import { tempDir } from '../store/helpers.ts'

test('a line that its writer has cut off and written again is read once, and so is what follows', async t => {
  const file = path.join(tempDir(t), 'journal.jsonl')
  const record = aRecord()
  const line = (revision: number, message = ''): string =>
    encodeLine(aReport(record, revision, { read: { value: revision, message } }))
  const first = encodeFirst(record) + encodeLine(aTransition(record, 2))
  fs.writeFileSync(file, first + line(3, 'x'.repeat(10_000)))
  const fd = fs.openSync(file, 'r')
  t.teardown(() => fs.closeSync(fd))
  const tail = new JournalTail(fs, { fd, pid: record.pid, file })
  const read = async () => (await tail.read()).map(({ revision }) => revision)
  t.deepEqual(await read(), [3])
  fs.truncateSync(file, first.length)
  t.deepEqual(await read(), [])
  fs.appendFileSync(file, line(3) + line(4) + line(5))
  t.deepEqual(await read(), [4, 5])
  fs.appendFileSync(file, line(6))
  t.deepEqual(await read(), [6])
})

test('who goes on in another file reads what is newer than what was read before', async t => {
  const file = path.join(tempDir(t), 'journal.jsonl')
  const record = aRecord()
  fs.writeFileSync(
    file,
    encodeFirst(record) + [2, 3, 4].map(revision => encodeLine(aTransition(record, revision))).join(''),
  )
  const fd = fs.openSync(file, 'r')
  t.teardown(() => fs.closeSync(fd))
  const tail = new JournalTail(fs, { fd, pid: record.pid, file }, 2)
  t.deepEqual(
    (await tail.read()).map(({ revision }) => revision),
    [3, 4],
  )
  t.deepEqual(await tail.read(), [])
})
