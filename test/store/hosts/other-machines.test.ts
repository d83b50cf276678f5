import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import type { Files } from '../../../src/journal/files.ts'
import { lowdbStore } from '../../../src/store/lowdb/lowdb-store.ts'
import { collect, created } from '../../../src/testing/conformance/samples.ts'
import { letDie } from '../../../src/store/hosts/host-presence.ts'
import { tempDir } from '../helpers.ts'

const NFS = 0x6969
const EXT4 = 0xef53

/** Sees the store on a file system of this type. */
const on = (type: number): Files => ({ ...fs, statfsSync: () => ({ type }) }) as Files

/** A host that has died, whose card says that it ran under another boot of the kernel. */
async function lostHost(dir: string): Promise<{ hostId: string; pid: string }> {
  const host = await lowdbStore(dir).openHost()
  const { pid } = await created(host)
  await letDie(host)
  const card = path.join(dir, 'hosts', `${host.hostId}.json`)
  fs.writeFileSync(
    card,
    JSON.stringify({ ...(JSON.parse(fs.readFileSync(card, 'utf8')) as object), bootId: 'another' }),
  )
  return { hostId: host.hostId, pid }
}

test('a host of an earlier boot is dead on a local file system', async t => {
  const dir = tempDir(t)
  const { hostId, pid } = await lostHost(dir)
  const store = lowdbStore(dir, { files: on(EXT4) })
  t.like(await store.hosts(), [{ id: hostId, state: 'dead' }])
  const host = await store.openHost()
  t.deepEqual(
    (await collect(host.adopt(() => true))).map(({ record }) => record.pid),
    [pid],
  )
  await host.close()
})

test('a host of another boot on a network file system is told, and never robbed; a person may', async t => {
  const dir = tempDir(t)
  const { hostId, pid } = await lostHost(dir)
  const store = lowdbStore(dir, { files: on(NFS) })
  t.like(await store.hosts(), [{ id: hostId, state: 'unknown' }])
  t.like(await store.get(pid), { host: { id: hostId, state: 'unknown' } })
  const host = await store.openHost()
  t.deepEqual(await collect(host.adopt(() => true)), [])
  t.is(await store.adopt(hostId, false), 1)
  t.is((await collect(host.adopt(() => true))).length, 1)
  await host.close()
})

test('where machines cannot be told apart a network file system fails closed', async t => {
  for (const spoil of [
    (card: string) =>
      fs.writeFileSync(
        card,
        JSON.stringify({ ...(JSON.parse(fs.readFileSync(card, 'utf8')) as object), bootId: undefined }),
      ),
    (card: string) => fs.writeFileSync(card, 'damaged'),
    (card: string) => fs.rmSync(card),
  ]) {
    const dir = tempDir(t)
    const { hostId, pid } = await lostHost(dir)
    spoil(path.join(dir, 'hosts', `${hostId}.json`))
    const shared = lowdbStore(dir, { files: on(NFS) })
    t.is((await shared.get(pid))?.host?.state, 'unknown')
    const host = await shared.openHost()
    t.deepEqual(await collect(host.adopt(() => true)), [])
    await host.close()
    t.is((await lowdbStore(dir, { files: on(EXT4) }).get(pid))?.host?.state, 'dead')
  }
})
