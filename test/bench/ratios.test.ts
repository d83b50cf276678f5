import test from 'ava'
import { outOfLimits } from '../../bench/ratios.ts'

const kept = { small: { lowdb: { speed: 0.5, cpu: 2 } } }

test('a ratio within a factor of the kept one is in its limits', t => {
  t.deepEqual(outOfLimits('small', kept, { lowdb: { speed: 0.26, cpu: 3.9 }, other: { speed: 9, cpu: 9 } }, 2), [])
})

test('what became slower or dearer is told, and what became better too', t => {
  t.deepEqual(outOfLimits('small', kept, { lowdb: { speed: 0.2, cpu: 0.9 } }, 2), [
    'small: lowdb: speed is 0.2 x bare XState, expected 0.5 (0.25 to 1): it became slower',
    'small: lowdb: CPU is 0.9 x bare XState, expected 2 (1 to 4): it became cheaper',
  ])
})

test('what is not measured, or not kept, is told', t => {
  t.deepEqual(outOfLimits('small', kept, {}, 2), ["small: 'lowdb' stands in bench/ratios.json, but was not measured"])
  t.deepEqual(outOfLimits('large', kept, {}, 2), ["There are no ratios for the workload 'large' in bench/ratios.json"])
})
