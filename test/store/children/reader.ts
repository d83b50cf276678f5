// Reads all the time while another process writes, and notes whatever a reader must never see.
import { storeAt } from '../../../src/client/store-at.ts'
import type { ProcessRecord } from '../../../src/record/record.ts'
import { collect } from '../../../src/testing/conformance/samples.ts'

const [path = '', ...pids] = process.argv.slice(2)
const store = storeAt(path)
const faults: string[] = []
const newest = new Map<string, number>()
const counts = { get: 0, list: 0, follow: 0, history: 0 }
const stop = new AbortController()

/** The writer repeats the revision in the data: a torn or mixed record shows. */
function look(how: string, record: ProcessRecord, atLeast = 0): void {
  const { pid, revision, status } = record
  if (revision < atLeast) faults.push(`${how}: ${pid} went back from ${atLeast} to ${revision}`)
  newest.set(pid, Math.max(newest.get(pid) ?? 0, revision))
  const data = record.data as { revision: number; fill: string } | undefined
  if (data !== undefined && !record.progress && (data.revision !== revision || data.fill.length !== revision % 500)) {
    faults.push(`${how}: ${pid} at ${revision} (${status}) has the data of ${data.revision}`)
  }
}

async function follow(pid: string): Promise<void> {
  let last = 0
  for await (const { record } of store.follow(pid)) {
    counts.follow += 1
    if (record.revision <= last) faults.push(`follow: ${pid} gave ${record.revision} after ${last}`)
    if (last > 0 && record.revision !== last + 1)
      faults.push(`follow: ${pid} left out what is between ${last} and ${record.revision}`)
    last = record.revision
    look('follow', record)
  }
}

async function getAll(): Promise<void> {
  while (!stop.signal.aborted) {
    for (const pid of pids) {
      counts.get += 1
      const atLeast = newest.get(pid)
      const found = await store.get(pid)
      if (found === undefined) faults.push(`get: ${pid} is missing`)
      else look('get', found.record, atLeast)
    }
    await new Promise(setImmediate)
  }
}

async function listAll(): Promise<void> {
  while (!stop.signal.aborted) {
    counts.list += 1
    const atLeast = new Map(newest)
    const found = await collect(store.list({}, ({ error }) => faults.push(`list: ${error.message}`)))
    for (const { record } of found) look('list', record, atLeast.get(record.pid))
    const listed = found.map(({ record }) => record.pid)
    if (new Set(listed).size !== listed.length) faults.push('list: a process twice')
    if (listed.toSorted().toReversed().join() !== listed.join()) faults.push('list: not newest first')
    for (const pid of pids) if (!listed.includes(pid)) faults.push(`list: ${pid} is missing`)
    if (counts.list === 40) process.send!('enough')
    await new Promise(setImmediate)
  }
}

async function historyAll(): Promise<void> {
  while (!stop.signal.aborted) {
    for (const pid of pids.slice(0, 3)) {
      counts.history += 1
      const records = await store.history(pid)
      if (records === undefined) faults.push(`history: ${pid} is missing`)
      records?.forEach((record, i) => {
        look('history', record)
        // Not by one: on a slow machine the writer gets so far ahead that a journal is compacted.
        const before = records[i - 1]?.revision ?? 0
        if (record.revision <= before) faults.push(`history: ${pid} has ${record.revision} after ${before}`)
      })
      await new Promise(setImmediate)
    }
  }
}

process.once('message', () => stop.abort())
const work = Promise.all([getAll(), listAll(), historyAll(), ...pids.map(follow)])
process.send!('ready')
await work
process.send!({ faults, counts }, () => process.exit())
