import { setTimeout } from 'node:timers/promises'
import test from 'ava'
import { StoreFeed } from '../../src/dashboard/store-feed.ts'
import type { ListEvents } from '../../src/dashboard/protocol.ts'
import { createRuntime, defineProcess } from '../../src/index.ts'
import type { Store } from '../../src/store/store.ts'
import { memoryStore } from '../../src/testing/index.ts'
import type { Frame } from '../../src/web/event-streams.ts'

/** Counts how often each process is read. */
function counting(store: Store): { readonly store: Store; readonly reads: Map<string, number> } {
  const reads = new Map<string, number>()
  const proxy = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => {
        if (name === 'get') reads.set(given[0] as string, (reads.get(given[0] as string) ?? 0) + 1)
        return Reflect.apply(value, target, given) as unknown
      }
    },
  })
  return { store: proxy, reads }
}

function rowsIn(bytes: Frame): ListEvents['rows']['changed'] {
  const [event, data = ''] = new TextDecoder().decode(bytes).split('\n')
  return event === 'event: rows' ? (JSON.parse(data.slice('data: '.length)) as ListEvents['rows']).changed : []
}

test('a process that reports its progress is read now and then only, and its end is seen all the same', async t => {
  const { store, reads } = counting(memoryStore())
  const gate = Promise.withResolvers<void>()
  const counted = { reports: 0 }
  const busy = defineProcess({ name: 'busy' }).step('count', async ({ progress }) => {
    do progress((counted.reports += 1), 1000)
    while ((await Promise.race([setTimeout(20, 'again'), gate.promise])) === 'again')
  })
  const runtime = await createRuntime({ processes: [busy], store })
  const feed = new StoreFeed(store, [])
  const seen: string[] = []
  const leave = feed.join({
    send: bytes => seen.push(...rowsIn(bytes).map(({ status, progress }) => `${status} ${progress?.value ?? ''}`)),
    end() {},
  })
  t.teardown(async () => {
    leave()
    feed.stop()
    await runtime.close({ within: 0 })
  })
  const { pid } = await runtime.start(busy)
  while (counted.reports < 100) await setTimeout(20)
  // Two seconds and more: as many reads as seconds, one at the beginning, and one to spare.
  t.true(reads.get(pid)! <= 6, `${reads.get(pid)} reads`)
  t.true(seen.some(row => /^running [1-9]/.test(row)))
  gate.resolve()
  await runtime.result(pid)
  while (!seen.at(-1)!.startsWith('finished')) await setTimeout(20)
  t.pass()
})
