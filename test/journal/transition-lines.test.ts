import test from 'ava'
import * as fc from 'fast-check'
import { encodeFirst, encodeLine, fold, foldEvery, foldNewest, isWhole, parseLine } from '../../src/journal/line.ts'
import { TransitionLines } from '../../src/journal/transition-lines.ts'
import { worthKeeping } from '../../src/journal/worth-keeping.ts'
import type { Json, Transition } from '../../src/record/record.ts'
import { aRecord, aReport, aTransition } from '../../src/testing/conformance/samples.ts'

const record = aRecord()
const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l')
const json = fc.jsonValue({ depthSize: 'small' }) as fc.Arbitrary<Json>
const entries = <T>(value: fc.Arbitrary<T>, size: number): fc.Arbitrary<Record<string, T>> =>
  fc
    .uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: size })
    .map(pairs => Object.fromEntries(pairs))
const optional = <T>(key: string, value: fc.Arbitrary<T>) =>
  fc.option(value, { nil: undefined }).map(found => (found === undefined ? {} : { [key]: found }))

const step = fc
  .tuple(fc.constantFrom('running', 'finished', 'waiting'), fc.nat(3), optional('endedAt', fc.nat(9)))
  .map(([status, attempt, rest]) => ({ status, attempt, ...rest }) as Transition['steps'][string])
const machine = entries(json, 5).map(context => ({
  value: { running: { a: { machine: 'on' } } },
  machine: { snapshot: { status: 'active', value: 'on', context }, timers: [] } as Json,
}))
const snapshot = fc.oneof(machine, fc.constant({ value: { running: 'a' } }))
const changes = fc
  .tuple(
    entries(step, 12),
    snapshot,
    optional('data', json),
    optional('outputs', entries(json, 3)),
    optional('deadline', fc.nat()),
    optional('memory', fc.constant([['?answer', 1]])),
  )
  .map(([steps, at, ...rest]) => Object.assign({ steps, snapshot: at }, ...rest) as Partial<Transition>)

/** A transition, or a report of progress. */
const lines = fc.array(fc.oneof({ arbitrary: changes, weight: 4 }, { arbitrary: fc.constant('report'), weight: 1 }), {
  maxLength: 30,
})

const bodyOf = ({ steps, data, outputs, deadline, snapshot: at, event, status, memory }: Transition): string =>
  JSON.stringify({ steps, data, outputs, deadline, at, event, status, memory })

test('whatever follows what, readers find each transition as it was', t => {
  let partial = 0
  fc.assert(
    fc.property(lines, given => {
      const writer = new TransitionLines(record)
      const head = encodeFirst(record).trimEnd()
      const texts = [head]
      let folded = record
      let newest: Transition = record
      const records = [record]
      for (const one of given) {
        const revision = texts.length + 1
        if (typeof one === 'string') texts.push(encodeLine(aReport(record, revision, { a: { value: 1 } })).trimEnd())
        else {
          newest = aTransition(record, revision, one)
          const line = writer.next(newest)
          if (!isWhole(line)) partial += 1
          texts.push(encodeLine(line).trimEnd())
        }
        folded = fold(folded, parseLine(texts.at(-1)!, record.pid))
        if (typeof one !== 'string') t.is(bodyOf(folded), bodyOf(newest))
        const read = foldNewest(head, texts.toReversed(), record.pid, 'a file')
        t.deepEqual(read, folded)
        t.is(read.revision, revision)
        records.push(folded)
      }
      const kept = worthKeeping(texts, record.pid, 'a file')
      const compacted = foldEvery(
        kept.map(({ text }) => text),
        record.pid,
        'a file',
      )
      t.deepEqual(
        [...compacted].map(bodyOf),
        kept.map(({ position }) => bodyOf(records[position]!)),
      )
      t.deepEqual(foldNewest(head, kept.map(({ text }) => text).toReversed(), record.pid, 'a file'), folded)
    }),
    { numRuns: 300 },
  )
  t.true(partial > 200, `only ${partial} were partial`)
})

const turn = (revision: number, notes: readonly string[]): Transition =>
  aTransition(record, revision, {
    snapshot: {
      value: { running: { read: { machine: 'on' } } },
      machine: { snapshot: { status: 'active', value: 'on', context: { notes } }, timers: [] },
    },
  })

test('a context that grows costs a few times its final length, and readers read twice as much at most', t => {
  const writer = new TransitionLines(undefined)
  let notes: readonly string[] = []
  let written = 0
  let since = 0
  let whole = 0
  for (let revision = 2; revision <= 201; revision++) {
    notes = [...notes, `${revision} ${'x'.repeat(5_000)}`]
    const line = writer.next(turn(revision, notes))
    const { length } = encodeLine(line)
    written += length
    if (isWhole(line)) [whole, since] = [length, 0]
    else since += length
    t.true(since <= whole)
  }
  t.true(written < 4_000_000, `${written} characters`)
})

test('few steps are written whole, and the end is', t => {
  const writer = new TransitionLines(record)
  const few = { a: { status: 'running', attempt: 1 } } as const
  for (let revision = 2; revision < 9; revision++)
    t.true(isWhole(writer.next(aTransition(record, revision, { steps: few }))))
  const long = turn(9, ['x'.repeat(5_000)])
  t.true(isWhole(writer.next(long)))
  const next = writer.next({ ...long, revision: 10 })
  t.like(next, { back: 1, revision: 10 })
  t.deepEqual(Object.keys(next), ['pid', 'name', 'status', 'revision', 'at', 'event', 'back'])
  t.true(isWhole(writer.next({ ...long, revision: 11, status: 'finished' })))
})

test('a partial transition that does not follow from the record makes no sense', t => {
  const head = encodeFirst(record).trimEnd()
  const line = (extra: object): string => {
    const { steps: _, snapshot: __, ...rest } = aTransition(record, 2)
    return JSON.stringify({ ...rest, back: 1, ...extra })
  }
  const read = (text: string) => foldNewest(head, [text, head], record.pid, 'a file')
  t.is(read(line({ version: '7', input: 'x' })).version, record.version)
  for (const [extra, message] of [
    [{ gone: [['error']] }, /there is no `error` before it/],
    [{ gone: [['input']] }, /`input` never changes/],
    [{ gone: [['snapshot']] }, /its `snapshot` is wrong or missing/],
    [{ steps: { read: { status: 'running' } } }, /its `steps\.read\.attempt` is wrong or missing/],
    [{ steps: 5 }, /its `steps` is wrong or missing/],
    [{ back: 'x' }, /its `back` is wrong or missing/],
    [{ more: [[['steps'], [1]]] }, /there is no `steps` before it/],
  ] as const)
    t.throws(() => read(line(extra)), { name: 'Nonsense', message })
})
