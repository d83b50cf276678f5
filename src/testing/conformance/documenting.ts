import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Collection } from '../../store/documents.ts'
import { collect, created, ended } from './samples.ts'
import { check } from './suite.ts'

const COLLECTIONS: readonly Collection[] = ['charts', 'commands', 'hosts', 'misfits', 'pauses', 'schedules']

const content = ({ name, content: text }: { name: string; content: string | Error }): [string, unknown] => {
  assert.equal(typeof text, 'string')
  return [name, JSON.parse(text as string)]
}

export const documentingTests = [
  check('documents: what is put is got and listed, by name, from anywhere', async ({ store, open }) => {
    const host = await store.openHost()
    for (const collection of COLLECTIONS) {
      const before = (await open().documents.list(collection)).length
      await store.documents.put(collection, 'zeta', JSON.stringify({ of: collection }))
      await open().documents.put(collection, 'Alpha@1.0.3+f00', JSON.stringify(['\u0000', 'ü', '\u2028']))
      assert.equal((await store.documents.list(collection)).length, before + 2)
      const listed = await open().documents.list(collection, name => !name.startsWith('h'))
      assert.deepEqual(listed.map(content), [
        ['Alpha@1.0.3+f00', ['\u0000', 'ü', '\u2028']],
        ['zeta', { of: collection }],
      ])
      assert.deepEqual(content((await open().documents.get(collection, 'zeta'))!), ['zeta', { of: collection }])
      for (const name of ['zeta', 'Alpha@1.0.3+f00']) await store.documents.delete(collection, name)
    }
    await host.close()
  }),

  check('documents: of one name the last one counts', async ({ store, open }) => {
    const host = await store.openHost()
    for (const settled of [1, 2, 3]) await store.documents.put('schedules', 'report', JSON.stringify({ settled }))
    assert.deepEqual((await open().documents.list('schedules')).map(content), [['report', { settled: 3 }]])
    await host.close()
  }),

  check('documents: one that is deleted is gone, once', async ({ store, open }) => {
    const host = await store.openHost()
    await store.documents.put('commands', 'one', '{}')
    assert.equal(await open().documents.delete('commands', 'one'), true)
    assert.equal(await store.documents.delete('commands', 'one'), false)
    assert.equal(await store.documents.get('commands', 'one'), undefined)
    assert.deepEqual(await store.documents.list('commands'), [])
    await host.close()
  }),

  check('documents: whatever is no name is refused, and is not there', async ({ store }) => {
    const host = await store.openHost()
    for (const name of ['', '.', '..', '.hidden', '../escape', 'a/b', 'a\\b', 'a b', 'ä', 'a\0b', 'x'.repeat(201)]) {
      await assert.rejects(store.documents.put('charts', name, '{}'), TypeError)
      assert.equal(await store.documents.get('charts', name), undefined)
      assert.equal(await store.documents.delete('charts', name), false)
    }
    assert.deepEqual(await store.documents.list('charts'), [])
    await host.close()
  }),

  check('documents: they outlive the hosts', async ({ store, open }) => {
    const host = await store.openHost()
    await store.documents.put('charts', 'kept', '{}')
    await host.close()
    assert.deepEqual((await open().documents.list('charts')).map(content), [['kept', {}]])
  }),

  check('damages: a store that is whole has none, a document that makes no sense is one', async ({ store, open }) => {
    const host = await store.openHost()
    await created(host)
    await ended(host, { key: 'k' })
    assert.deepEqual(await collect(open().damages()), [])
    for (const collection of ['charts', 'commands', 'schedules'] as const)
      await store.documents.put(collection, 'odd', '{"odd":true}')
    const found = await collect(open().damages())
    assert.deepEqual(
      found.map(({ error }) => (error as { code?: string }).code),
      ['ERR_STORE_CORRUPT', 'ERR_STORE_CORRUPT', 'ERR_STORE_CORRUPT'],
    )
    const moved = await Promise.all(found.map(async ({ setAside }) => setAside?.()))
    assert.equal((await collect(open().damages())).length, moved.filter(place => place === undefined).length)
    await host.close()
  }),

  check('wake: the host hears it; nobody minds that there is no such host', async ({ store, open }) => {
    const host = await store.openHost()
    const woken = new Promise<true>(resolve => {
      host.onWake(() => resolve(true))
    })
    for (const id of ['h00000000000', '../../etc', '']) await open().wake(id)
    // A wake-up is a hint: it may go unheard on a machine that is busy.
    do await open().wake(host.hostId)
    while (!(await Promise.race([woken, delay(500, false)])))
    await host.close()
  }),
]
