import test from 'ava'
import type { ProcessRecord } from '../../src/record/record.ts'
import type { Effect } from './effects.ts'
import { faultsInEpochs, Told } from './told.ts'
import { faultsInItems } from './verify-journals.ts'

/** A line of the journal of process p: its event, and the items it remembers. */
const line = (revision: number, epoch: number, ...items: readonly number[]): ProcessRecord =>
  ({
    pid: 'p',
    revision,
    epoch,
    event: { type: 'REMEMBER', step: 'each-0' },
    memory: items.map(item => [`#${item}`, null]),
  }) as unknown as ProcessRecord

const begin = (host: string, item: number): Effect => ['begin', 'p', 'each-0', 1, host, 0, item]
const gave = (host: string, epoch: number, revision: number): Effect => ['line', 'p', epoch, revision, host, 0]
const took = (host: string, epoch: number, revision: number): Effect => ['took', 'p', epoch, revision, host, 0]

const faultsIn = (effects: readonly Effect[], ...lines: readonly ProcessRecord[]): string[] => {
  const records = new Map([['p', [line(1, 0), ...lines]]])
  return [...faultsInEpochs(effects, records), ...faultsInItems(effects, records, new Told(effects))]
}

test('an item whose end was lost with its host may run again', t => {
  const effects = [begin('a', 0), gave('a', 0, 2), took('b', 1, 1), begin('b', 0), gave('b', 1, 2)]
  t.deepEqual(faultsIn(effects, line(2, 1, 0)), [])
})

test('an item may not run again where its end was known', t => {
  const before = [begin('a', 0), gave('a', 0, 2)]
  t.deepEqual(faultsIn([...before, took('b', 1, 2), begin('b', 0)], line(2, 0, 0)), [
    'item 0 of each-0 of p ran again on b, after line 2',
  ])
  t.deepEqual(faultsIn([...before, begin('a', 0)], line(2, 0, 0)), [
    'item 0 of each-0 of p ran again on a, after line 2',
  ])
  t.deepEqual(faultsIn([...before, took('b', 1, 2), begin('b', 1)], line(2, 0, 0)), [])
})

test('no line of an epoch comes after a process was taken up in a later one, and none twice', t => {
  const taken = [took('b', 1, 1), gave('a', 0, 2)]
  t.is(faultsIn(taken, line(2, 0))[0], 'b took p at revision 1 in epoch 1; line 2 is of epoch 0')
  t.is(faultsIn([...taken, took('c', 1, 1)], line(2, 1))[0], 'p was taken up twice in epoch 1, last by c')
})
