import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import type { ProcessRecord, Transition } from '../../src/record/record.ts'
import { storeAt } from '../../src/client/store-at.ts'
import { aReport, aTransition, collect, created, theEnd } from '../../src/testing/conformance/samples.ts'
import { spawn, told } from './children/spawn.ts'
import type { HostTold } from './children/spawn.ts'
import { tempDir, treeOf } from './helpers.ts'

/** Where each kind of store is, as its path tells. */
const KINDS = ['store', 'store.sqlite'] as const

for (const kind of KINDS) {
  const fileIn = (dir: string): string => path.join(dir, kind)

  test(`${kind}: a host that is killed is seen dead at once, and its processes go on elsewhere`, async t => {
    const file = fileIn(tempDir(t))
    const store = storeAt(file)
    const child = spawn(t, 'host', [file, '120'])
    const { hostId, pids, done } = await told<HostTold>(child)
    t.like((await store.hosts())[0], { id: hostId, osPid: child.pid!, state: 'alive' })
    const host = await storeAt(file).openHost()
    t.deepEqual(await collect(host.adopt(() => true)), [])
    child.kill('SIGKILL')
    await once(child, 'exit')
    t.is((await storeAt(file).hosts()).find(({ id }) => id === hostId)?.state, 'dead')
    const taken: string[] = []
    // Found alive just now, so it may take the fifth of a second until it is asked again.
    while (taken.length < pids.length)
      for await (const { record, released } of host.adopt(() => true)) {
        t.false(released)
        t.is(record.revision, 2)
        taken.push(record.pid)
      }
    t.deepEqual(taken.toSorted(), pids.toSorted())
    t.deepEqual(
      (await storeAt(file).hosts()).map(({ id }) => id),
      [host.hostId],
    )
    t.false(treeOf(path.dirname(file)).some(name => name.includes(hostId)))
    t.is((await store.get(done))?.record.status, 'finished')
    await host.close()
  })

  test(`${kind}: a host that is stopped does not answer, and is not robbed`, async t => {
    const file = fileIn(tempDir(t))
    const child = spawn(t, 'host', [file, '1'])
    const { hostId, pids } = await told<HostTold>(child)
    child.kill('SIGSTOP')
    const store = storeAt(file)
    t.is((await store.hosts()).find(({ id }) => id === hostId)?.state, 'unresponsive')
    const host = await store.openHost()
    t.deepEqual(await collect(host.adopt(() => true)), [])
    t.is((await store.get(pids[0]!))?.host?.id, hostId)
    child.kill('SIGCONT')
    await host.close()
  })

  test(`${kind}: hosts that are killed while they write lose nothing they were promised, and leave no torn record`, async t => {
    const file = fileIn(tempDir(t))
    const promised = new Map<string, number>()
    let gone = 0
    for (let round = 0; round < 4; round++) {
      // Two at once, so that one of them is killed while it waits for the other.
      const writers = [0, 1].map(() => spawn(t, 'writer', [file, '8'], 'pipe'))
      const output = writers.map(async ({ stdout }) => {
        let text = ''
        for await (const chunk of stdout!.setEncoding('utf8')) {
          text += chunk
          const lines = text.split('\n')
          text = lines.pop()!
          for (const [pid, revision] of lines.map(line => line.split(' '))) promised.set(pid!, Number(revision))
        }
      })
      const enough = promised.size + 16
      while (promised.size < enough || Math.random() > 0.1) await delay(5)
      for (const writer of writers) writer.kill('SIGKILL')
      await Promise.all(output)

      const host = await storeAt(file).openHost()
      for await (const { record } of host.adopt(() => true)) {
        const { pid } = record
        gone += 1
        const history = (await storeAt(file).history(pid))!
        t.deepEqual(
          history.map(({ revision }) => revision),
          history.map((_, i) => i + 1),
        )
        for (const { data, revision } of history.slice(1))
          t.deepEqual(data, { revision, fill: 'x'.repeat(revision % 500) })
        await host.write(theEnd(record, history.length + 1))
      }
      await host.close()
    }
    t.is(promised.size, 64)
    // What was committed may not have been told any more.
    t.true(gone >= 64, String(gone))
    for (const [pid, revision] of promised) t.true((await storeAt(file).get(pid))!.record.revision > revision)
    for await (const { error } of storeAt(file).damages()) t.fail(error.message)
  })

  test(`${kind}: a reader in another process never sees a torn record, a gap or a step back`, async t => {
    const file = fileIn(tempDir(t))
    let host = await storeAt(file).openHost()
    let records: ProcessRecord[] = []
    for (let i = 0; i < 12; i++) records.push(await created(host))
    const reader = spawn(t, 'reader', [file, ...records.map(({ pid }) => pid)])
    await told(reader)
    const data = (revision: number): Pick<Transition, 'data'> => ({
      data: { revision, fill: 'x'.repeat(revision % 500) },
    })
    let revision = 1
    const enough = new AbortController()
    reader.once('message', () => enough.abort())
    for (let round = 0; round < 200 || !enough.signal.aborted; round++) {
      revision += 1
      await Promise.all(records.map(async record => host.write(aTransition(record, revision, data(revision)))))
      revision += 1
      await Promise.all(
        records.map(async record => host.write(aReport(record, revision, { read: { value: revision } }))),
      )
      if (round % 20 === 0) {
        const next = await storeAt(file).openHost()
        for (const { pid, epoch } of records) await host.release(pid, epoch)
        const adopted = await collect(next.adopt(() => true))
        t.is(adopted.length, records.length)
        records = adopted.map(({ record }) => record)
        await host.close()
        host = next
      }
      // A reader that gets no turn on a busy machine is not outrun so far that journals are
      // compacted: then a follower may leave lines out.
      await delay(round < 200 ? 2 : 50)
    }
    for (const record of records) await host.write(theEnd(record, revision + 1, data(revision + 1)))
    await host.close()
    reader.send('stop')
    const { faults, counts } = await told<{ faults: string[]; counts: Record<string, number> }>(reader)
    t.deepEqual(faults.slice(0, 10), [])
    t.log(counts)
    for (const count of Object.values(counts)) t.true(count >= 40)
  })

  test(`${kind}: processes that claim the same keys at once agree`, async t => {
    const file = fileIn(tempDir(t))
    // They also make the store at once.
    const children = Array.from({ length: 3 }, () => spawn(t, 'claimer', [file, '150']))
    await Promise.all(children.map(told))
    for (const child of children) child.send('go')
    const made = (
      await Promise.all(children.map(child => told<{ key: string; pid: string; created: boolean }[]>(child)))
    ).flat()
    for (const [key, claims] of Object.entries(Object.groupBy(made, ({ key }) => key))) {
      t.is(new Set(claims!.map(({ pid }) => pid)).size, 1, key)
      t.is(claims!.filter(claim => claim.created).length, 1, key)
    }
    t.is((await collect(storeAt(file).list())).length, 150)
  })

  test(`${kind}: a key that is freed and claimed all the time never has two processes`, async t => {
    const file = fileIn(tempDir(t))
    const children = Array.from({ length: 3 }, () => spawn(t, 'claimer', [file, '100', 'delete']))
    await Promise.all(children.map(told))
    for (const child of children) child.send('go')
    const made = (await Promise.all(children.map(child => told<{ pid: string; created: boolean }[]>(child)))).flat()
    t.true(made.some(({ created: yes }) => yes))
    t.deepEqual(await collect(storeAt(file).list()), [])
  })
}
