// What the hosts run that the tests in test/crash let die. Each step tells a file what it does,
// with one system call.
import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { defineProcess, typed, type StepContext } from 'stepwright'

export interface Order {
  /** How a step that dies does it. */
  readonly death?: 'exit' | 'memory'
  /** How long a step that blocks its thread does so. */
  readonly blockMs?: number
}

/** `pid step attempt host`: an attempt whose work began. */
export type Begun = readonly [pid: string, step: string, attempt: number, host: string]

export function crashDefinitions(effects: string, host: string) {
  const tell = ({ pid, step, attempt }: StepContext<any>) =>
    appendFileSync(effects, `${JSON.stringify([pid, step, attempt, host] satisfies Begun)}\n`)

  /** Does not end where it was begun, only where it is taken up. */
  const stuck = defineProcess({ name: 'stuck' }).step('work', context => {
    tell(context)
    return context.attempt === 1 ? new Promise<never>(() => {}) : { attempt: context.attempt }
  })
  const dying = defineProcess({ name: 'dying', input: typed<Order>() }).step('die', context => {
    tell(context)
    if (context.attempt > 1) return 'survived'
    if (context.data.death === 'exit') process.exit(7)
    const hoard: object[] = []
    for (;;) hoard.push(Array.from({ length: 1_000 }, (_, index) => ({ index })))
  })
  const blocking = defineProcess({ name: 'blocking', input: typed<Order>() }).step('block', context => {
    tell(context)
    const until = performance.now() + (context.data.blockMs ?? 0)
    while (performance.now() < until);
    return { attempt: context.attempt }
  })
  const napping = defineProcess({ name: 'napping' })
    .sleep('nap', '1h')
    .step('wake', context => (tell(context), 'awake'))
  const asking = defineProcess({ name: 'asking' }).interrupt('ask', { timeout: '2h' })
  const retrying = defineProcess({ name: 'retrying' }).step(
    'try',
    context => {
      tell(context)
      if (context.attempt === 1) throw new Error('not at the first go')
      return { attempt: context.attempt }
    },
    { retry: { attempts: 2, delay: '1h', maxDelay: '1h' } },
  )
  /** All that can happen to a process, quickly. */
  const model = defineProcess({ name: 'model' })
    .step(
      'draft',
      async context => {
        tell(context)
        await delay(5)
        return { draft: true }
      },
      { interrupt: true },
    )
    .sleep('nap', 20)
    .step('publish', context => (tell(context), { ...context.data, published: true }))
  return { stuck, dying, blocking, napping, asking, retrying, model }
}
