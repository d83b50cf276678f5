import test from 'ava'
import { wakeTime } from '../../../src/steps/kinds/sleep.ts'
import type { SleepStep } from '../../../src/steps/kinds/sleep.ts'
import type { StepContext } from '../../../src/steps/work.ts'

const context = { data: 5 } as StepContext<any, any, any>
const wake = (until: SleepStep['until']): Promise<number> =>
  wakeTime({ kind: 'sleep', name: 'rest', until }, context, () => 1000)
const computed = (value: unknown): Promise<number> => wake({ compute: () => value })

test('a sleep ends after a duration or at a time', async t => {
  t.is(await wake({ ms: 50 }), 1050)
  t.is(await wake({ at: 5 }), 5)
  t.is(await wake({ compute: given => (given === context ? '2s' : 0) }), 3000)
  t.is(await computed(new Date(7)), 7)
  t.is(await computed(Promise.resolve(50)), 1050)
})

test('a bad answer is refused', async t => {
  await t.throwsAsync(computed('soon'), {
    instanceOf: TypeError,
    message: /time of sleep 'rest' must be.*received 'soon'/,
  })
  await t.throwsAsync(computed(new Date('x')), {
    instanceOf: TypeError,
    message: /time of sleep 'rest' must be.*received Invalid Date/,
  })
  await t.throwsAsync(computed(undefined), { instanceOf: TypeError })
})
