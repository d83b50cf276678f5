import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { defineProcess, typed, type StepContext } from 'stepwright'

/** What a step did, written with one system call, so that a kill leaves a line whole or not there. */
export type Effect =
  | readonly ['started', pid: string]
  | readonly ['begin' | 'end', pid: string, step: string, attempt: number, host: string, at: number]

interface Data {
  readonly n: number
  readonly trail: string
}

/** A number from 0 to 1 that depends on nothing but its seed: the same attempt fails, or takes as long, wherever it runs. */
function chance(seed: string): number {
  let hash = 2166136261
  for (const char of seed) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619)
  // Without this last mixing, seeds that differ in their last digit give almost the same number.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** Three definitions that between them have every kind of step, and tell `effects` all they do. */
export function soakDefinitions(effects: string, host: string) {
  const tell = (...effect: Effect) => appendFileSync(effects, `${JSON.stringify(effect)}\n`)
  const work =
    (letter: string) =>
    async ({ data, pid, step, attempt }: StepContext<Data>): Promise<Data> => {
      tell('begin', pid, step, attempt, host, Date.now())
      await delay(chance(`${pid}${step}`) * 20)
      tell('end', pid, step, attempt, host, Date.now())
      return { n: data.n + 1, trail: data.trail + letter }
    }
  const flaky =
    (letter: string) =>
    async (context: StepContext<Data>): Promise<Data> => {
      const done = await work(letter)(context)
      if (chance(`${context.pid}${context.step}${context.attempt}`) < 0.4)
        throw new Error(`attempt ${context.attempt} of ${context.step} was not to be`)
      return done
    }
  const input = typed<Data>()
  const plain = defineProcess({ name: 'plain', input }).step('a', work('a')).step('b', work('b')).step('c', work('c')).step('d', work('d'))
  const waiting = defineProcess({ name: 'waiting', input })
    .step('a', work('a'))
    .sleep('nap', ({ data }) => 50 + (data.n % 7) * 40)
    .step('b', flaky('b'), { retry: { attempts: 40, delay: 20, factor: 1.5, maxDelay: 200 } })
    .sleep('rest', 100)
    .step('c', work('c'))
  const asking = defineProcess({ name: 'asking', input, timeout: '10m' })
    .step('a', work('a'), { interrupt: true })
    .step('b', flaky('b'), { retry: { attempts: 40, delay: 5, maxDelay: 50 }, timeout: '1m' })
    .interrupt('sign-off')
    .step('c', work('c'), { when: ({ data }) => data.n % 2 === 0 })
  return { plain, waiting, asking, tell }
}

/** What each definition makes of its input. */
export function expectedOutput(name: string, { n }: Data): Data {
  switch (name) {
    case 'plain':
      return { n: n + 4, trail: 'abcd' }
    case 'waiting':
      return { n: n + 3, trail: 'abc' }
    default:
      return (n + 2) % 2 === 0 ? { n: n + 3, trail: 'abc' } : { n: n + 2, trail: 'ab' }
  }
}
