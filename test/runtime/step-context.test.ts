import test from 'ava'
import { defineProcess, typed } from '../../src/index.ts'
import { createTestRuntime } from '../../src/testing/index.ts'

test('a step may spread its context, or take it apart', async t => {
  const helper = ({
    data,
    input,
    attempt,
    signal,
  }: {
    data: unknown
    input: unknown
    attempt: number
    signal: AbortSignal
  }) => ({
    data,
    input,
    attempt,
    aborted: signal.aborted,
  })
  const spread = defineProcess({ name: 'spread', input: typed<{ n: number }>() })
    .step('one', () => ({ n: 2 }))
    .step('two', context => helper({ ...context, attempt: 7 }))
    .step('three', ({ data, input }) => ({ data, input }))
  const runtime = await createTestRuntime({ processes: [spread] })
  const output = await (await runtime.start(spread, { n: 1 })).result()
  t.deepEqual(output, { data: { data: { n: 2 }, input: { n: 1 }, attempt: 7, aborted: false }, input: { n: 1 } })
  await runtime.close()
})

test('data and input are made once an attempt, signal stays the same, and the getters are the same in all contexts', async t => {
  const getters: unknown[] = []
  const same = defineProcess({ name: 'same', input: typed<{ n: number }>() })
    .step('one', context => {
      t.is(context.data, context.data)
      t.is(context.input, context.input)
      t.is(context.signal, context.signal)
      t.not<unknown, unknown>(context.data, context.input)
      getters.push(...['data', 'input', 'signal'].map(key => Object.getOwnPropertyDescriptor(context, key)?.get))
    })
    .each(
      'two',
      () => [1, 2],
      context => {
        getters.push(...['data', 'input', 'signal'].map(key => Object.getOwnPropertyDescriptor(context, key)?.get))
      },
    )
  const runtime = await createTestRuntime({ processes: [same] })
  await (await runtime.start(same, { n: 1 })).result()
  t.is(getters.length, 9)
  // V8 would make a hidden class for each getter that is new, and keep the process for it.
  t.is(new Set(getters).size, 3)
  await runtime.close()
})
