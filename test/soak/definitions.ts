import { setTimeout as delay } from 'node:timers/promises'
import { setup } from 'xstate'
import { defineProcess, typed, type StepContext } from 'stepwright'
import { chance, workers, type Data } from './effects.ts'
import type { apart } from './isolated.ts'

const ITEMS = 8
const input = typed<Data>()
const module = new URL('./isolated.ts', import.meta.url)
const alone = { module, export: 'apart', type: typed<typeof apart>() } as const

/** Waits a little, then to be told to go on. */
const minder = setup({ types: { context: {} as Data, input: {} as Data, output: {} as Data, events: {} as { type: 'GO' } } }).createMachine(
  {
    context: ({ input: { n, trail } }) => ({ n, trail }),
    initial: 'thinking',
    states: { thinking: { after: { 60: 'asking' } }, asking: { on: { GO: 'done' } }, done: { type: 'final' } },
    output: ({ context: { n, trail } }) => ({ n: n + 1, trail: `${trail}m` }),
  },
)

/** Definitions that between them have every kind of step, and tell the file `effects` all they do. */
export function soakDefinitions(effects: string, host: string) {
  const { tell, work, flaky } = workers(effects, host)
  const item = async ({ data: { index, n }, pid, attempt }: StepContext<{ index: number; n: number }>): Promise<number> => {
    tell('item', pid, index, host, Date.now())
    await delay(chance(`${pid}${index}`) * 60)
    if (attempt < 3 && chance(`${pid}${index}${attempt}`) < 0.3) throw new Error(`attempt ${attempt} at item ${index} was not to be`)
    return n + index
  }
  const retry = { attempts: 40, delay: 5, maxDelay: 50 }

  const plain = defineProcess({ name: 'plain', input }).step('a', work('a')).step('b', work('b')).step('c', work('c')).step('d', work('d'))
  const waiting = defineProcess({ name: 'waiting', input })
    .step('a', work('a'))
    .sleep('nap', ({ data }) => 50 + (data.n % 7) * 40)
    .step('b', flaky('b'), { retry: { attempts: 40, delay: 20, factor: 1.5, maxDelay: 200 } })
    .sleep('rest', 100)
    .step('c', work('c'))
  const asking = defineProcess({ name: 'asking', input, timeout: '10m' })
    .step('a', work('a'), { interrupt: true })
    .step('b', flaky('b'), { retry, timeout: '1m' })
    .interrupt('sign-off')
    .step('c', work('c'), { when: ({ data }) => data.n % 2 === 0 })
  const fanned = defineProcess({ name: 'fanned', input })
    .parallel('fan', { left: work('l'), right: { run: flaky('r'), retry } })
    .step('join', context => {
      const { left, right } = context.data
      return work('j')({ ...context, data: { n: left.n + right.n, trail: left.trail + right.trail } })
    })
  const listed = defineProcess({ name: 'listed', input })
    .each('items', ({ data: { n } }) => Array.from({ length: ITEMS }, (_, index) => ({ index, n })), item, { concurrency: 3, retry })
    .step('sum', context => work('s')({ ...context, data: { n: context.data.reduce((sum, one) => sum + one, 0), trail: 'i' } }))
  const minded = defineProcess({ name: 'minded', input }).machine('mind', minder).step('b', work('b'))
  const leaf = defineProcess({ name: 'leaf', input }).step('a', work('a')).step('b', flaky('b'), { retry })
  const tree = defineProcess({ name: 'tree', input }).step('x', work('x')).process('leaf', leaf).step('c', work('c'))
  const threaded = defineProcess({ name: 'threaded', input }).step('a', alone, { isolate: 'thread' }).step('b', work('b'))
  const forked = defineProcess({ name: 'forked', input }).step('a', alone, { isolate: 'process' }).step('b', work('b'))
  return { tell, processes: [plain, waiting, asking, fanned, listed, minded, tree, threaded, forked] as const }
}

/** What each definition makes of its input. */
export function expectedOutput(name: string, { n, trail }: Data): Data {
  switch (name) {
    case 'plain':
      return { n: n + 4, trail: 'abcd' }
    case 'waiting':
      return { n: n + 3, trail: 'abc' }
    case 'asking':
      return (n + 2) % 2 === 0 ? { n: n + 3, trail: 'abc' } : { n: n + 2, trail: 'ab' }
    case 'fanned':
      return { n: 2 * (n + 1) + 1, trail: 'lrj' }
    case 'listed':
      return { n: ITEMS * n + (ITEMS * (ITEMS - 1)) / 2 + 1, trail: 'is' }
    case 'minded':
      return { n: n + 2, trail: 'mb' }
    case 'leaf':
      return { n: n + 2, trail: `${trail}ab` }
    case 'tree':
      return { n: n + 4, trail: 'xabc' }
    default:
      return { n: n + 2, trail: 'ab' }
  }
}
