import assert from 'node:assert/strict'
import type { TrailEntries, Trails } from '../../record/record.ts'
import { collect, created, ended, theEnd } from './samples.ts'
import { check } from './suite.ts'
import type { ConformanceTest } from './suite.ts'

const FAR = Date.UTC(2200, 0, 1)

/** Entries of each kind, and what tells them apart. */
const TRAILS = {
  log: {
    entry: (i: number, text: string) => ({ at: 1_000, step: 'read', attempt: 1, message: `${i} ${text}` }),
    full: [
      { at: 1_000, step: 'read', attempt: 1, message: 'one', fields: { rows: 3 } },
      { at: 1_000, step: 'read', attempt: 1, message: 'one', fields: { rows: 3 } },
      { at: 1_001, step: 'read', attempt: 2, message: 'two' },
    ],
    numberOf: (entry: Trails['log']) => Number.parseInt(entry.message, 10),
  },
  stream: {
    entry: (i: number, text: string) => ({ offset: i, step: 'read', attempt: 1, chunks: [text] }),
    full: [
      { offset: 0, step: 'read', attempt: 1, chunks: ['one', { two: [2] }, null] },
      { offset: 3, step: 'read', attempt: 1, item: 7, once: 'ask \u0000 \ud800', chunks: [''] },
      { offset: 4, step: 'read', attempt: 2, reset: true },
    ],
    numberOf: (entry: Trails['stream']) => entry.offset,
  },
} satisfies {
  readonly [T in keyof Trails]: {
    readonly entry: (i: number, text: string) => Trails[T]
    readonly full: TrailEntries[T]
    readonly numberOf: (entry: Trails[T]) => number
  }
}

const testsOf = <T extends keyof Trails>(
  trail: T,
  {
    entry,
    full,
    numberOf,
  }: {
    readonly entry: (i: number, text: string) => Trails[T]
    readonly full: readonly Trails[T][]
    readonly numberOf: (entry: Trails[T]) => number
  },
): readonly ConformanceTest[] => [
  check(`${trail}: what was added is read in order, also after the end, and by others`, async ({ store, open }) => {
    const host = await store.openHost()
    const record = await created(host)
    assert.deepEqual(await collect(store.trail(trail, record.pid)), [])
    const [first, ...rest] = full
    await host.append(trail, record.pid, [first!])
    await host.append(trail, record.pid, [])
    await host.append(trail, record.pid, rest)
    await host.write(theEnd(record, 2))
    assert.deepEqual(await collect(open().trail(trail, record.pid)), full)
    for (const other of ['log', 'stream'] as const)
      if (other !== trail) assert.deepEqual(await collect(store.trail(other, record.pid)), [])
    assert.equal((await store.history(record.pid))?.length, 2, 'an entry is no record')
    await store.delete(record.pid)
    await assert.rejects(collect(store.trail(trail, record.pid)), { code: 'ERR_UNKNOWN_PROCESS' })
    await host.close()
  }),

  check(`${trail}: of a process that has ended, there may be more to tell`, async ({ store, open }) => {
    const host = await store.openHost()
    const record = await ended(host)
    await host.append(trail, record.pid, [entry(1, 'too late')])
    assert.deepEqual(await collect(open().trail(trail, record.pid)), [entry(1, 'too late')])
    await store.delete(record.pid)
    await assert.rejects(host.append(trail, record.pid, [entry(2, 'gone')]), { code: 'ERR_UNKNOWN_PROCESS' })
    await host.close()
  }),

  check(`${trail}: only the owner adds to it`, async ({ store }) => {
    const [one, other] = [await store.openHost(), await store.openHost()]
    const record = await created(one)
    await assert.rejects(other.append(trail, record.pid, [entry(1, 'no')]), { code: 'ERR_PROCESS_TAKEN' })
    assert.deepEqual(await collect(store.trail(trail, record.pid)), [])
    await Promise.all([one.close(), other.close()])
  }),

  check(`${trail}: following goes on until the process has ended`, async ({ store, open }) => {
    const host = await store.openHost()
    const record = await created(host)
    await host.append(trail, record.pid, [entry(0, 'first')])
    const seen: number[] = []
    for await (const one of open().trail(trail, record.pid, { follow: true })) {
      seen.push(numberOf(one))
      if (seen.length < 4) await host.append(trail, record.pid, [entry(seen.length, 'next')])
      else await host.write(theEnd(record, 2))
    }
    assert.deepEqual(seen, [0, 1, 2, 3])
    await host.close()
  }),

  check(`${trail}: whoever follows has all that was added before the last line`, async ({ store, open }) => {
    const host = await store.openHost()
    const record = await created(host)
    const seen = collect(open().trail(trail, record.pid, { follow: true }))
    const added = host.append(trail, record.pid, [entry(0, 'x'), entry(1, 'y')])
    await Promise.all([added, host.write(theEnd(record, 2))])
    assert.deepEqual((await seen).map(numberOf), [0, 1])
    await host.close()
  }),

  check(`${trail}: a signal ends following`, async ({ store }) => {
    const host = await store.openHost()
    const record = await created(host)
    await host.append(trail, record.pid, [entry(5, 'only')])
    const stop = new AbortController()
    const seen: Trails[T][] = []
    for await (const one of store.trail(trail, record.pid, { follow: true, signal: stop.signal })) {
      seen.push(one)
      stop.abort()
    }
    assert.deepEqual(seen.map(numberOf), [5])
    await host.close()
  }),

  check(`${trail}: it is capped, and whoever follows misses nothing that is new`, async ({ store, open }) => {
    const host = await store.openHost()
    const record = await created(host)
    const text = 'x'.repeat(64_000)
    const seen: number[] = []
    const following = (async () => {
      for await (const one of open().trail(trail, record.pid, { follow: true })) seen.push(numberOf(one))
    })()
    for (let i = 0; i < 100; i++) await host.append(trail, record.pid, [entry(i, text)])
    const kept = (await collect(store.trail(trail, record.pid))).map(numberOf)
    assert.equal(kept.at(-1), 99)
    assert.ok(kept.length >= 7)
    assert.deepEqual(
      kept,
      kept.toSorted((a, b) => a - b),
    )
    await host.append(trail, record.pid, [entry(100, 'short')])
    await host.write(theEnd(record, 2))
    await following
    assert.equal(seen.at(-1), 100)
    assert.deepEqual(
      seen,
      [...new Set(seen)].toSorted((a, b) => a - b),
    )
    await host.close()
  }),

  check(`${trail}: nothing is left of it once the process has expired`, async ({ store, open }) => {
    const host = await store.openHost()
    const record = await ended(host)
    await host.append(trail, record.pid, [entry(1, 'late')])
    await host.expire(FAR, FAR)
    await assert.rejects(collect(open().trail(trail, record.pid)), { code: 'ERR_UNKNOWN_PROCESS' })
    await host.close()
  }),
]

export const trailTests = [...testsOf('log', TRAILS.log), ...testsOf('stream', TRAILS.stream)]
