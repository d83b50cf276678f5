import { setTimeout as delay } from 'node:timers/promises'
import { assign, setup } from 'xstate'
import { defineProcess, stepActor, typed, type StepContext } from '../../src/index.ts'
import { kernel } from './node/kernel.ts'

/** What goes from step to step: the steps that were done, and the words that clients have said. */
export interface Data {
  readonly trail: string
  readonly words: readonly string[]
  /** With `proceed`: it takes the place of the one before. */
  readonly word?: string
}

/** Tells that it begins and ends, and takes a moment. */
async function work({ data, pid, step, attempt, idempotencyKey }: StepContext<Data>): Promise<Data> {
  const item = idempotencyKey.slice(`${pid}:${step}`.length)
  const { tell } = kernel()
  tell.begin(pid, step, attempt, item)
  if (kernel().random() < 0.8) await delay(kernel().random() ** 3 * 400)
  tell.end(pid, step, attempt, item)
  const { word, trail, words } = data
  return { trail: trail + step.split('.').at(-1)!.charAt(0), words: word === undefined ? words : [...words, word] }
}

async function flaky(context: StepContext<Data>): Promise<Data> {
  const done = await work(context)
  if (context.attempt < 9 && kernel().random() < 0.4) throw new Error('not this time')
  return done
}

const retry = { attempts: 60, delay: 20, factor: 2, maxDelay: 500 }

const asking = setup({
  types: {
    context: {} as Data,
    input: {} as Data,
    output: {} as Data,
    events: {} as { type: 'ADD'; word: string } | { type: 'DONE' },
  },
}).createMachine({
  context: ({ input }) => input,
  initial: 'open',
  states: {
    open: {
      on: {
        ADD: { actions: assign({ words: ({ context, event }) => [...context.words, event.word] }) },
        DONE: 'done',
      },
    },
    done: { type: 'final' },
  },
  output: ({ context }) => context,
})

const looping = setup({
  types: { context: {} as Data, input: {} as Data, output: {} as Data },
  actors: { visit: stepActor(work) },
}).createMachine({
  context: ({ input }) => input,
  initial: 'visiting',
  states: {
    visiting: {
      invoke: {
        src: 'visit',
        input: ({ context }) => context,
        onDone: { target: 'next', actions: assign(({ event }) => event.output) },
      },
    },
    next: {
      always: [{ guard: ({ context }) => context.trail.endsWith('lll'), target: 'done' }, { target: 'visiting' }],
    },
    done: { type: 'final' },
  },
  output: ({ context }) => context,
})

const input = typed<Data>()
const child = defineProcess({ name: 'child', input }).step('c', work).sleep('nap', 50).step('d', flaky, { retry })

/** All that processes are started of. */
export const DEFINITIONS = {
  plain: defineProcess({ name: 'plain', input }).step('a', work).step('b', flaky, { retry }).step('c', work),
  naps: defineProcess({ name: 'naps', input })
    .step('a', work)
    .sleep('nap', 300)
    .step('b', work)
    .sleep('rest', () => kernel().random() * 900)
    .step('c', work),
  pauses: defineProcess({ name: 'pauses', input })
    .step('a', work, { interrupt: true })
    .step('b', work)
    .interrupt('sign')
    .step('c', work),
  waits: defineProcess({ name: 'waits', input })
    .step('a', work)
    .step('wait', async context => {
      const done = await work(context)
      await context.sleep('nap', 200)
      const { word } = await context.waitFor<{ word: string }>('word')
      return { ...done, words: [...done.words, word] }
    })
    .step('c', work),
  asks: defineProcess({ name: 'asks', input })
    .step('a', work)
    .machine('asking', asking, { input: ({ data }) => data })
    .step('c', work),
  loops: defineProcess({ name: 'loops', input }).step('a', work).machine('loop', looping).step('c', work),
  fans: defineProcess({ name: 'fans', input })
    .parallel('both', { left: work, right: { run: flaky, retry } })
    .step('join', ({ data: { left, right } }) => ({ words: left.words, trail: left.trail + right.trail }))
    .each('items', ({ data }) => Array.from({ length: 5 }, () => data), work, { concurrency: 2 })
    .step('sum', ({ data }) => ({ words: data[0]!.words, trail: data[0]!.trail + data.length })),
  parent: defineProcess({ name: 'parent', input }).step('a', work).process('child', child).step('b', work),
  child,
  ticks: defineProcess({ name: 'ticks', schedule: { every: '5s', missed: 'once' } }).step('t', (context: StepContext) =>
    work({ ...context, data: { trail: '', words: [] } }),
  ),
}
