import assert from 'node:assert/strict'
import type { LogEntry } from '../../record/record.ts'
import { collect, created, ended, theEnd } from './samples.ts'
import { check } from './suite.ts'

const FAR = Date.UTC(2200, 0, 1)

const entry = (message: string): LogEntry => ({ at: 1_000, step: 'read', attempt: 1, message })
const messages = (entries: readonly LogEntry[]): string[] => entries.map(({ message }) => message)

export const loggingTests = [
  check('log: what a process logs is read in order, also after its end, and by others', async ({ store, open }) => {
    const host = await store.openHost()
    const record = await created(host)
    assert.deepEqual(await collect(store.logs(record.pid)), [])
    await host.log(record.pid, { ...entry('one'), fields: { rows: 3 } })
    await host.log(record.pid, entry('two'))
    await host.write(theEnd(record, 2))
    assert.deepEqual(await collect(open().logs(record.pid)), [{ ...entry('one'), fields: { rows: 3 } }, entry('two')])
    assert.equal((await store.history(record.pid))?.length, 2, 'a log entry is no record')
    await store.delete(record.pid)
    await assert.rejects(collect(store.logs(record.pid)), { code: 'ERR_UNKNOWN_PROCESS' })
    await host.close()
  }),

  check('log: of a process that has ended, there may be more to tell', async ({ store, open }) => {
    const host = await store.openHost()
    const record = await ended(host)
    await host.log(record.pid, entry('too late'))
    assert.deepEqual(messages(await collect(open().logs(record.pid))), ['too late'])
    await store.delete(record.pid)
    await assert.rejects(host.log(record.pid, entry('gone')), { code: 'ERR_UNKNOWN_PROCESS' })
    await host.close()
  }),

  check('log: only the owner logs', async ({ store }) => {
    const [one, other] = [await store.openHost(), await store.openHost()]
    const record = await created(one)
    await assert.rejects(other.log(record.pid, entry('no')), { code: 'ERR_PROCESS_TAKEN' })
    assert.deepEqual(await collect(store.logs(record.pid)), [])
    await Promise.all([one.close(), other.close()])
  }),

  check('log: following goes on until the process has ended', async ({ store, open }) => {
    const host = await store.openHost()
    const record = await created(host)
    await host.log(record.pid, entry('0'))
    const seen: string[] = []
    for await (const { message } of open().logs(record.pid, { follow: true })) {
      seen.push(message)
      if (seen.length < 4) await host.log(record.pid, entry(String(seen.length)))
      else await host.write(theEnd(record, 2))
    }
    assert.deepEqual(seen, ['0', '1', '2', '3'])
    await host.close()
  }),

  check('log: a signal ends following', async ({ store }) => {
    const host = await store.openHost()
    const record = await created(host)
    await host.log(record.pid, entry('only'))
    const stop = new AbortController()
    const seen: LogEntry[] = []
    for await (const one of store.logs(record.pid, { follow: true, signal: stop.signal })) {
      seen.push(one)
      stop.abort()
    }
    assert.deepEqual(messages(seen), ['only'])
    await host.close()
  }),

  check('log: it is capped, and the newest entries stay', async ({ store }) => {
    const host = await store.openHost()
    const record = await created(host)
    for (let i = 0; i < 300; i++) await host.log(record.pid, entry(`${i} ${'x'.repeat(10_000)}`))
    const kept = await collect(store.logs(record.pid))
    assert.ok(kept.at(-1)?.message.startsWith('299 '))
    assert.ok(kept.length >= 40)
    await host.close()
  }),

  check('log: of a process that has ended nothing is left once it has expired', async ({ store, open }) => {
    const host = await store.openHost()
    const record = await ended(host)
    await host.expire(FAR, FAR)
    await assert.rejects(collect(open().logs(record.pid)), { code: 'ERR_UNKNOWN_PROCESS' })
    await host.close()
  }),
]
