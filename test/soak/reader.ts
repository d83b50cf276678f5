// A reader of the soak: looks at everything again and again, and tells what it should not have
// seen.
import { setTimeout as delay } from 'node:timers/promises'
import { openClient } from 'stepwright'

const [dir = ''] = process.argv.slice(2)
const client = openClient(dir)
const newest = new Map<string, number>()
const faults: string[] = []
let reads = 0
const stop = new AbortController()
process.on('disconnect', () => process.exit())
process.on('message', () => stop.abort())

function see(how: string, pid: string, revision: number): void {
  reads += 1
  const before = newest.get(pid) ?? 0
  if (revision < before) faults.push(`${how} of ${pid} went back from revision ${before} to ${revision}`)
  newest.set(pid, Math.max(before, revision))
}

while (!stop.signal.aborted) {
  try {
    for await (const { pid, revision } of client.list({
      limit: 200,
      onCorrupt: ({ pid, error }) => faults.push(`${pid}: ${error.message}`),
    })) {
      see('list', pid, revision)
      if (stop.signal.aborted) break
    }
    for (const pid of [...newest.keys()].slice(-20)) {
      const info = await client.get(pid)
      if (info) see('get', pid, info.revision)
      else faults.push(`get of ${pid} found nothing`)
    }
  } catch (error) {
    faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  // The processors are for the hosts.
  await delay(20)
}
process.send?.({ reads, faults: faults.slice(0, 20) }, () => process.exit())
