import { setTimeout as delay } from 'node:timers/promises'
import { defineProcess, typed, type IsolateMode, type ProcessBuilder } from 'stepwright'
import { assign, fromPromise, setup } from 'xstate'
import { flaky, tellActor, work, type Data } from './effects.ts'

export type Builder = ProcessBuilder<Data, Data, Data, {}, string>

/** A piece of a definition, and what it makes of its data. */
export interface Part {
  add(builder: Builder, name: string): Builder
  after(data: Data): Data
}

const adds =
  (n: number, letters: string) =>
  (data: Data): Data => ({ n: data.n + n, trail: data.trail + letters })
const keep = (data: Data): Data => data
const retry = { attempts: 60, delay: 5, factor: 1.5, maxDelay: 150 }

interface Task {
  readonly pid: string
  readonly step: string
}

/** Not within one turn: its state would begin and end in one record. */
const actor = fromPromise<string, Task>(async ({ input: { pid, step } }) => {
  tellActor(pid, step)
  await delay(10)
  return 'c'
})

const machine = setup({
  types: {
    context: {} as { n: number; trail: string; task: Task },
    input: {} as { data: Data; task: Task },
    output: {} as Data,
    events: {} as { type: 'GO' },
  },
  actors: { actor },
}).createMachine({
  context: ({ input: { data, task } }) => ({ ...data, task }),
  initial: 'resting',
  states: {
    resting: { after: { 60: 'working' } },
    working: {
      invoke: {
        src: 'actor',
        input: ({ context }) => context.task,
        onDone: { target: 'asking', actions: assign({ trail: ({ context, event }) => context.trail + event.output }) },
      },
    },
    asking: { on: { GO: { target: 'done', actions: assign({ n: ({ context }) => context.n + 1 }) } } },
    done: { type: 'final' },
  },
  output: ({ context: { n, trail } }) => ({ n, trail }),
})

export const child: Builder = defineProcess({ name: 'child', input: typed<Data>() })
  .step('work-0', work)
  .sleep('nap-1', 30)
  .step('flaky-2', flaky, { retry })

const itemsOf = ({ n }: Data): number => 3 + (n % 7)

const isolated =
  (isolate: IsolateMode): Part['add'] =>
  (p, name) =>
    p.step(
      name,
      { module: new URL('./effects.ts', import.meta.url), export: 'work', type: typed<typeof work>() },
      { isolate },
    )

/** By name, with which the names of their steps begin. */
export const PARTS = {
  work: { add: (p, name) => p.step(name, work), after: adds(1, 'w') },
  flaky: { add: (p, name) => p.step(name, flaky, { retry, timeout: '1m' }), after: adds(1, 'f') },
  maybe: {
    add: (p, name) => p.step(name, work, { when: ({ data }) => data.n % 2 === 0 }),
    after: data => (data.n % 2 === 0 ? adds(1, 'm')(data) : data),
  },
  nap: { add: (p, name) => p.sleep(name, ({ data }) => 30 + (data.n % 7) * 30), after: keep },
  pause: { add: (p, name) => p.step(name, work, { interrupt: true }), after: adds(1, 'p') },
  asks: {
    add: (p, name) =>
      p.step(name, async context => {
        const done = await work(context)
        await context.sleep('nap', 30)
        await context.waitFor('go')
        return done
      }),
    after: adds(1, 'a'),
  },
  signoff: { add: (p, name) => p.interrupt(name), after: keep },
  fork: {
    add: (p, name) =>
      p
        .parallel(name, { left: work, right: { run: flaky, retry } })
        .step(`join-${name}`, ({ data: { left, right } }) => ({
          n: left.n + 1,
          trail: left.trail + right.trail.slice(-1),
        })),
    after: adds(2, 'lr'),
  },
  each: {
    add: (p, name) =>
      p
        .each(
          name,
          ({ data }) => Array.from({ length: itemsOf(data) }, (_, index) => ({ ...data, n: data.n + index })),
          flaky,
          {
            concurrency: 3,
            retry,
          },
        )
        .step(`join-${name}`, ({ data: items }) => {
          const [{ n, trail }] = items as [Data]
          if (items.some((item, index) => item.n !== n + index))
            throw new Error(`The items are in disorder: ${JSON.stringify(items)}`)
          return { n, trail: trail + items.length }
        }),
    after: data => adds(1, `e${itemsOf(data)}`)(data),
  },
  machine: {
    add: (p, name) => p.machine(name, machine, { input: ({ data, pid, step }) => ({ data, task: { pid, step } }) }),
    after: adds(1, 'c'),
  },
  child: { add: (p, name) => p.process(name, child), after: adds(2, 'wf') },
  batch: {
    add: (p, name) =>
      p
        .each(name, ({ data }) => [data, data], child, { concurrency: 2 })
        .step(`join-${name}`, ({ data: items }) => {
          const [one, other] = items as unknown as [Data, Data]
          if (one.trail !== other.trail) throw new Error(`The processes differ: ${JSON.stringify(items)}`)
          return { n: one.n, trail: `${one.trail}x2` }
        }),
    after: adds(2, 'wfx2'),
  },
  thread: { add: isolated('thread'), after: adds(1, 't') },
  own: { add: isolated('process'), after: adds(1, 'o') },
} satisfies Record<string, Part>

export type PartName = keyof typeof PARTS
