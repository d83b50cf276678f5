import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { StepContext } from 'stepwright'

/** What a step did, written with one system call, so that a kill leaves a line whole or not there. */
export type Effect =
  | readonly ['started', pid: string]
  | readonly ['begin' | 'end', pid: string, step: string, attempt: number, host: string, at: number]
  | readonly ['item', pid: string, index: number, host: string, at: number]

export interface Data {
  readonly n: number
  readonly trail: string
}

type Work = (context: Pick<StepContext<Data>, 'data' | 'pid' | 'step' | 'attempt'>) => Promise<Data>

/** A number from 0 to 1 that depends on nothing but its seed: the same attempt fails, or takes as long, wherever it runs. */
export function chance(seed: string): number {
  let hash = 2166136261
  for (const char of seed) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619)
  // Without this last mixing, seeds that differ in their last digit give almost the same number.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** What steps of the soak do: they tell `file` that they do it, under the name of their host. */
export function workers(file: string, host: string) {
  const tell = (...effect: Effect) => appendFileSync(file, `${JSON.stringify(effect)}\n`)
  const work =
    (letter: string): Work =>
    async ({ data, pid, step, attempt }) => {
      tell('begin', pid, step, attempt, host, Date.now())
      await delay(chance(`${pid}${step}`) * 20)
      tell('end', pid, step, attempt, host, Date.now())
      return { n: data.n + 1, trail: data.trail + letter }
    }
  const flaky =
    (letter: string): Work =>
    async context => {
      const done = await work(letter)(context)
      if (chance(`${context.pid}${context.step}${context.attempt}`) < 0.4)
        throw new Error(`attempt ${context.attempt} of ${context.step} was not to be`)
      return done
    }
  return { tell, work, flaky }
}
