// What the golden journals were written with. Each is kept as it is as long as there is a journal
// of it: a later version has to run it to its end.
import { defineProcess, stepActor, typed, type StepContext } from 'stepwright'
import { assign, setup } from 'xstate'

const never = () => new Promise<never>(() => {})

/** An item of a list begins at attempt 1 on every host: this says on which of them it is. */
export const host = { isFirst: false }

/** An error that is the same wherever it is thrown. */
function failure(message: string, cause?: Error): Error {
  const error = new Error(message, cause && { cause })
  error.stack = `Error: ${message}\n    at app.ts:1:1`
  return error
}

const count = ({ data }: { data: { n: number } }) => ({ n: data.n + 1 })
const input = typed<{ n: number }>()

export const working = defineProcess({ name: 'working', input, timeout: '1h' })
  .step('first', ({ data, progress }) => {
    progress(1, 2, 'half of it')
    return count({ data })
  })
  .step('work', ({ data, attempt, progress }) => {
    progress(attempt, 3, `attempt ${attempt}`)
    return attempt < 2 ? never() : count({ data })
  })
  .step('last', count)

/** Its host has died under it once already. */
export const stubborn = defineProcess({ name: 'stubborn', input }).step('work', ({ data, attempt }) =>
  attempt < 3 ? never() : count({ data }),
)

export const retrying = defineProcess({ name: 'retrying', input }).step(
  'try',
  ({ data, attempt }) => {
    if (attempt === 1) throw Object.assign(failure('no such file', failure('disk gone')), { code: 'ENOENT' })
    return count({ data })
  },
  { retry: { attempts: 3, delay: '10m', maxDelay: '10m', jitter: true } },
)

export const slow = defineProcess({ name: 'slow', input }).step(
  'wait',
  ({ data, attempt }) => (attempt === 1 ? never() : count({ data })),
  {
    timeout: '1s',
    retry: { attempts: 2, delay: '10m', maxDelay: '10m' },
  },
)

export const sleeping = defineProcess({ name: 'sleeping', input, timeout: '1h' })
  .step('first', count)
  .sleep('nap', '20m')
  .step('last', count)

export const computed = defineProcess({ name: 'computed', input })
  .sleep('nap', ({ data }) => data.n * 60_000)
  .step('last', count)

export const reviewed = defineProcess({ name: 'reviewed', version: '7', input, timeout: '1h' })
  .step('draft', count, { interrupt: true })
  .step('last', count)

export const asking = defineProcess({ name: 'asking', input }).interrupt('ask', { timeout: '7d' }).step('last', count)

/** It waits for two things within its work, of which one has been answered. */
export const waiting = defineProcess({ name: 'waiting', input, timeout: '1h' })
  .step('agent', async ({ data, once, waitFor }) => {
    const { n } = await once('first', () => count({ data }))
    const [a, b] = await Promise.all([waitFor<number>('a'), waitFor<number>('b', { timeout: '7d' })])
    return { n: n + a + b }
  })
  .step('last', count)

export const skipping = defineProcess({ name: 'skipping', input })
  .step('left-out', count, { when: ({ data }) => data.n > 99 })
  .step('last', ({ data, progress }) => {
    progress(7)
    return count({ data })
  })

export const failing = defineProcess({ name: 'failing', input })
  .step('first', count)
  .step('fail', ({ data }) => {
    if (data.n > 0) throw Object.assign(failure('no such file', failure('disk gone')), { code: 'ENOENT' })
    return data
  })

export const late = defineProcess({ name: 'late', input, timeout: '1m' }).step('wait', never)

export const parallel = defineProcess({ name: 'parallel', input })
  .parallel('both', {
    quick: count,
    hanging: { run: ({ data, attempt }) => (attempt === 1 ? never() : count({ data })) },
  })
  .step('last', ({ data }) => ({ n: data.quick.n + data.hanging.n }))

export const each = defineProcess({ name: 'each', input })
  .each(
    'items',
    ({ data }) => [1, 2, 3].map(n => n * data.n),
    ({ data }) => (data === 30 && host.isFirst ? never() : data + 1),
    { concurrency: 2 },
  )
  .step('last', ({ data }) => ({ n: data.reduce((sum, n) => sum + n, 0) }))

export const child = defineProcess({ name: 'child', input }).step('work', ({ data, attempt }) =>
  attempt === 1 ? never() : count({ data }),
)
export const parent = defineProcess({ name: 'parent', input }).process('child', child).step('last', count)

const door = setup({
  types: { output: {} as { n: number }, input: {} as { n: number }, context: {} as { n: number } },
}).createMachine({
  context: ({ input: given }) => given,
  initial: 'shut',
  states: {
    shut: { on: { OPEN: 'open' }, after: { 86_400_000: 'open' } },
    open: { on: { LEAVE: 'left' } },
    left: { type: 'final' },
  },
  output: ({ context }) => ({ n: context.n + 1 }),
})
export const machine = defineProcess({ name: 'machine', input }).machine('door', door).step('last', count)

const agent = setup({
  types: { output: {} as { n: number }, input: {} as { n: number }, context: {} as { n: number; notes: string[] } },
  actors: {
    note: stepActor(({ data }: StepContext<number>) => (data === 13 && host.isFirst ? never() : `note ${data}`)),
  },
}).createMachine({
  context: ({ input: given }) => ({ ...given, notes: [] }),
  initial: 'noting',
  states: {
    noting: {
      invoke: {
        src: 'note',
        input: ({ context }) => context.n,
        onDone: {
          target: 'looking',
          actions: assign(({ context, event }) => ({ n: context.n + 1, notes: [...context.notes, event.output] })),
        },
      },
    },
    looking: { always: [{ guard: ({ context }) => context.n === 15, target: 'done' }, { target: 'noting' }] },
    done: { type: 'final' },
  },
  output: ({ context }) => ({ n: context.notes.length }),
})
export const noting = defineProcess({ name: 'noting', input }).machine('agent', agent).step('last', count)

export const keeping = defineProcess({ name: 'keeping', input })
  .each(
    'all',
    ({ data }) => [data.n, data.n + 1, data.n + 2],
    ({ data }) => {
      if (data === 11) throw new RangeError('no elevens')
      return data === 12 && host.isFirst ? never() : data
    },
    { onFailure: 'keep', concurrency: 3 },
  )
  .step('last', ({ data }) => ({ n: data.filter(({ status }) => status === 'fulfilled').length }))

/** As it was when the process began, and as it was when another host went on with it. */
export const shorter = defineProcess({ name: 'growing', input }).interrupt('ask').step('last', count)
export const growing = defineProcess({ name: 'growing', input })
  .interrupt('ask')
  .step('more', count)
  .interrupt('again')
  .step('last', count)

export const undoing = defineProcess({ name: 'undoing', input })
  .step('take', count, { undo: ({ attempt }) => (attempt < 2 ? never() : undefined) })
  .step('fail', () => Promise.reject(failure('no room')), { undo: { run: () => {}, onFailure: true } })

export const all = [
  working,
  stubborn,
  retrying,
  slow,
  sleeping,
  computed,
  reviewed,
  asking,
  waiting,
  skipping,
  failing,
  late,
  parallel,
  each,
  child,
  parent,
  machine,
  noting,
  keeping,
  growing,
  undoing,
]
