import assert from 'node:assert/strict'
import { partialOf } from '../../journal/partial.ts'
import type { JournalLine, ProcessRecord, Transition } from '../../record/record.ts'
import { aMemory, aReport, aTransition, collect, created, theEnd } from './samples.ts'
import { check } from './suite.ts'

/** A transition of a process whose machine remembers everything. */
function transitionAt(record: ProcessRecord, revision: number): Transition {
  const notes = Array.from({ length: revision }, (_, n) => `note ${n}`)
  const context = { notes, revision, ...(revision % 2 === 0 && { even: { yes: true } }) }
  const machine = { snapshot: { status: 'active', value: 'on', context }, timers: [] }
  return aTransition(record, revision, {
    steps: {
      read: { status: 'finished', attempt: 1 },
      parse: { status: 'running', attempt: 1, startedAt: record.at, ...(revision > 4 && { failures: revision }) },
    },
    ...(revision < 6 && { data: { rows: 1 } }),
    snapshot: { value: { running: { parse: { machine: 'on' } } }, machine },
  })
}

/** Lines, of which the second is a whole transition and later ones are partial. */
function linesOf(record: ProcessRecord): { readonly lines: readonly JournalLine[]; readonly steps: Transition[] } {
  const steps = [2, 3, 5, 7, 8].map(revision => transitionAt(record, revision))
  const [second, third, fifth, seventh, eighth] = steps as [Transition, Transition, Transition, Transition, Transition]
  const lines = [
    second,
    partialOf(second, third, 1),
    aReport(record, 4, { parse: { value: 1 } }),
    partialOf(third, fifth, 3),
    aMemory(record, 6, [['#1', 'remembered']]),
    partialOf(fifth, seventh, 5),
    partialOf(seventh, eighth, 6),
  ]
  return { lines, steps }
}

const bodyOf = ({ steps, data, snapshot, event }: Pick<ProcessRecord, 'steps' | 'data' | 'snapshot' | 'event'>) =>
  JSON.stringify({ steps, data, snapshot, event })

export const foldingTests = [
  check('fold: a transition that says what has changed is read as a whole one', async ({ store, open }) => {
    const host = await store.openHost()
    const record = await created(host)
    const { lines, steps } = linesOf(record)
    const followed = (async () => (await collect(open().follow(record.pid))).map(found => found.record))()
    for (const line of lines) await host.write(line)
    const eighth = steps.at(-1)!
    for (const found of [await store.get(record.pid), ...(await collect(open().list()))]) {
      assert.equal(found?.record.revision, 8)
      assert.equal(bodyOf(found.record), bodyOf(eighth))
      assert.deepEqual(found.record.input, record.input)
      assert.equal('back' in found.record, false)
    }
    const history = (await store.history(record.pid)) ?? []
    assert.deepEqual(
      history.map(({ revision }) => revision),
      [1, 2, 3, 4, 5, 6, 7, 8],
    )
    for (const step of steps) assert.equal(bodyOf(history[step.revision - 1]!), bodyOf(step))
    assert.deepEqual(history[3]?.progress, { parse: { value: 1 } })
    assert.equal(history[4]?.progress, undefined)
    assert.deepEqual(history[5]?.memory, [['#1', 'remembered']])
    assert.equal(history[6]?.memory, undefined)
    await host.write(partialOf(eighth, theEnd(record, 9), 7))
    assert.equal(bodyOf((await followed).at(-1)!), bodyOf(theEnd(record, 9)))
    assert.deepEqual((await store.get(record.pid))?.record.data, { rows: 3 })
    await host.close()
  }),

  check('fold: another host adopts what partial transitions say', async ({ store, open, crash }) => {
    const [first, second] = [await store.openHost(), await open().openHost()]
    const record = await created(first)
    const { lines, steps } = linesOf(record)
    for (const line of lines) await first.write(line)
    await crash(first)
    const [adopted] = await collect(second.adopt(() => true))
    assert.equal(bodyOf(adopted!.record), bodyOf(steps.at(-1)!))
    const next = transitionAt(adopted!.record, 9)
    await second.write(next)
    await second.write(partialOf(next, transitionAt(adopted!.record, 10), 1))
    assert.equal(bodyOf((await open().get(record.pid))!.record), bodyOf(transitionAt(adopted!.record, 10)))
    await second.close()
  }),

  check(
    'fold: partial transitions still make sense in a long journal, which may be compacted',
    async ({ store, open }) => {
      const host = await store.openHost()
      const record = await created(host)
      const big = 'x'.repeat(1024 * 1024)
      const withBig = (revision: number, event: Transition['event'] = { type: 'CHANGE' }): Transition => ({
        ...transitionAt(record, revision),
        data: { big, revision },
        event,
      })
      let before = withBig(2)
      await host.write(before)
      for (let revision = 3; revision <= 24; revision++) {
        const next = withBig(revision, revision === 12 ? { type: 'CHANGE', command: 'a-command' } : undefined)
        await host.write(revision % 7 === 0 ? next : partialOf(before, next, revision % 7))
        before = next
        assert.equal(bodyOf((await open().get(record.pid))!.record), bodyOf(next))
      }
      const history = (await store.history(record.pid)) ?? []
      for (const found of history.slice(1)) {
        const { event } = found
        assert.equal(bodyOf(found), bodyOf(withBig(found.revision, event)))
      }
      assert.ok(
        history.some(({ event }) => event.command === 'a-command'),
        'what commands did is kept',
      )
      await host.write(partialOf(before, theEnd(record, 25), 4))
      assert.equal((await store.get(record.pid))?.record.status, 'finished')
      await host.close()
    },
  ),

  check('fold: a copy of a process has its whole history', async ({ store, open }) => {
    const host = await store.openHost()
    const record = await created(host)
    const { lines } = linesOf(record)
    for (const line of [...lines, theEnd(record, 9)]) await host.write(line)
    const history = (await store.history(record.pid)) ?? []
    await store.delete(record.pid)
    await host.import(history, { log: [], stream: [] })
    assert.deepEqual(await open().history(record.pid), history)
    assert.deepEqual((await open().get(record.pid))?.record, history.at(-1))
    await host.close()
  }),
]
