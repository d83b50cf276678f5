// A definition of each kind that can be killed in the middle. `tell` writes with one system call
// what happens; while `hang` is set the work in the middle never ends.
import { appendFileSync } from 'node:fs'
import { assign, fromPromise, setup } from 'xstate'
import { defineProcess, stepActor, typed, type IsolateMode, type ProcessDefinition, type StepContext } from 'stepwright'

export interface Crashable {
  readonly definition: ProcessDefinition
  readonly input: unknown
  readonly output: unknown
}

export function kinds(effects: string, hang: boolean): Record<string, Crashable> {
  const tell = (...words: unknown[]) => appendFileSync(effects, `${words.join(' ')}\n`)
  const middle = async () => {
    tell('middle')
    if (hang) await new Promise(() => {})
  }
  const begun = defineProcess({ name: 'crash', input: typed<{ n: number }>() })

  const parallel = begun.parallel('both', {
    quick: ({ data, step }) => {
      tell('ran', step)
      return data.n
    },
    slow: async ({ data, step, attempt }) => {
      // Not before the other branch is on disk.
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
      tell('ran', step, attempt)
      await middle()
      return data.n + 1
    },
  })

  const each = begun.each(
    'all',
    ({ data }) => Array.from({ length: 10 }, (_, n) => n + data.n),
    async ({ data }) => {
      tell('ran', data)
      if (data === 6) await middle()
      return data * 2
    },
    { concurrency: 1 },
  )

  const child = defineProcess({ name: 'child', input: typed<{ n: number }>() }).step(
    'work',
    async ({ data, attempt }) => {
      tell('ran', 'child', attempt)
      await middle()
      return data.n * 2
    },
  )
  const process = begun
    .process('child', child, {
      input: ({ data }) => {
        tell('input')
        return data
      },
    })
    .step('after', ({ data }) => data + 1)

  const work = fromPromise(async () => {
    tell('ran', 'work')
    await middle()
    return 5
  })
  const chart = setup({
    actors: { work },
    types: { output: {} as number, context: {} as { n: number } },
  }).createMachine({
    context: { n: 0 },
    initial: 'first',
    states: {
      first: { entry: () => tell('first'), after: { 10: 'second' } },
      second: {
        invoke: { src: 'work', onDone: { target: 'last', actions: assign({ n: ({ event }) => event.output }) } },
      },
      last: { after: { 10: 'end' } },
      end: { type: 'final' },
    },
    output: ({ context }) => context.n,
  })
  const machine = begun.machine('chart', chart, { input: ({ data }) => data }).step('after', ({ data }) => data + 1)

  const visit = stepActor(async ({ data, once }: StepContext<number>) => {
    const told = await once('told', () => {
      tell('visit', data)
      return data
    })
    if (data === 2) await middle()
    return told
  })
  const loop = setup({
    actors: { visit },
    types: { output: {} as number, context: {} as { n: number } },
  }).createMachine({
    context: { n: 1 },
    initial: 'visiting',
    states: {
      visiting: {
        invoke: {
          src: 'visit',
          input: ({ context }) => context.n,
          onDone: { target: 'next', actions: assign({ n: ({ event }) => event.output + 1 }) },
        },
      },
      next: { always: [{ guard: ({ context }) => context.n > 3, target: 'end' }, { target: 'visiting' }] },
      end: { type: 'final' },
    },
    output: ({ context }) => context.n,
  })
  const agent = begun.machine('loop', loop, { input: ({ data }) => data })

  const call = (name: string) => {
    tell('call', name)
    return name
  }
  // The order of two calls is another one in each attempt.
  const memory = begun.step('agent', async ({ once, waitFor, attempt }) => {
    await once('plan', () => call('plan'))
    for (const name of attempt === 1 ? ['search', 'read'] : ['read', 'search']) await once(name, () => call(name))
    const { by } = await waitFor<{ by: string }>('approval')
    await once('write', () => call('write'))
    await middle()
    await once('send', () => call('send'))
    return by
  })

  const isolated = (isolate: IsolateMode) =>
    defineProcess({ name: 'apart', input: typed<{ effects: string }>() }).step(
      'crunch',
      { module: new URL('../runtime/isolated.ts', import.meta.url), export: 'middle' },
      { isolate },
    )

  return {
    thread: { definition: isolated('thread'), input: { effects }, output: 'attempt 2' },
    'own process': { definition: isolated('process'), input: { effects }, output: 'attempt 2' },
    memory: { definition: memory, input: { n: 1 }, output: 'ada' },
    machine: { definition: machine, input: { n: 1 }, output: 6 },
    agent: { definition: agent, input: { n: 1 }, output: 4 },
    process: { definition: process, input: { n: 1 }, output: 3 },
    parallel: { definition: parallel, input: { n: 1 }, output: { quick: 1, slow: 2 } },
    each: { definition: each, input: { n: 1 }, output: [2, 4, 6, 8, 10, 12, 14, 16, 18, 20] },
  }
}
