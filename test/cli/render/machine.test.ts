import test from 'ava'
import { createMachine } from 'xstate'
import { processDetails } from '../../../src/cli/render/process-details.ts'
import { stateText } from '../../../src/format/state-text.ts'
import { createTestRuntime } from '../../../src/testing/index.ts'
import { defineProcess } from '../../../src/index.ts'
import { settled } from '../../runtime/gate.ts'

test('show says in which state a machine is, and what it takes; a large context is left out', async t => {
  const machine = createMachine({
    context: { text: 'x'.repeat(20_000) },
    initial: 'review',
    states: {
      review: {
        initial: 'reading',
        on: { YES: 'done' },
        after: { 1000: 'review' },
        states: { reading: { on: { LOOK: { actions: () => {} }, NOT: {} } } },
      },
      done: { type: 'final' },
    },
  })
  const definition = defineProcess({ name: 'doc' }).machine('approval', machine, {})
  const runtime = await createTestRuntime({ processes: [definition] })
  t.teardown(() => runtime.close())
  const job = await runtime.start(definition)
  await settled()
  const info = (await runtime.get(job.pid))!
  t.deepEqual(info.steps[0]?.machine, { value: { review: 'reading' }, events: ['LOOK', 'YES'] })
  const page = processDetails(info, { width: Infinity, now: 0, paint: (_, text) => text }).join('\n')
  t.true(page.includes('in review.reading  takes LOOK, YES'), page)
})

test('state values in one line', t => {
  t.is(stateText('a'), 'a')
  t.is(stateText({ a: { b: 'c' } }), 'a.b.c')
  t.is(stateText({ a: 'x', b: { c: 'y' }, d: {} }), 'a.x, b.c.y, d')
})
