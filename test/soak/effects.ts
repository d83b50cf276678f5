import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { StepContext } from 'stepwright'

/**
 * What work did, and what hosts did, each told before it happens, in one file: their order is known
 * without a clock. `attempt` of an item counts since the host took its process up. An actor is one
 * that a machine invokes.
 */
export type Effect =
  | readonly ['started', pid: string]
  | readonly ['actor', pid: string, step: string, host: string]
  | HostEffect
  | Work

/** A host took a process up as it was at a revision; it gave a line to the store. */
export type HostEffect = readonly [
  what: 'took' | 'line',
  pid: string,
  epoch: number,
  revision: number,
  host: string,
  at: number,
]

export type Work = readonly [
  'begin' | 'end',
  pid: string,
  step: string,
  attempt: number,
  host: string,
  at: number,
  item?: number,
]

/** What goes from step to step: how many there were, and which. */
export interface Data {
  readonly n: number
  readonly trail: string
}

const { SOAK_EFFECTS = '', SOAK_HOST = '' } = process.env

/**
 * Written with one system call, so that a kill leaves a line whole or not there. Threads and
 * processes of a host sign with its name.
 */
function write(effect: Effect): void {
  appendFileSync(SOAK_EFFECTS, `${JSON.stringify(effect)}\n`)
}

export const tellStarted = (pid: string): void => write(['started', pid])

export const tellActor = (pid: string, step: string): void => write(['actor', pid, step, SOAK_HOST])

export const tellHost = (what: HostEffect[0], pid: string, epoch: number, revision: number): void =>
  write([what, pid, epoch, revision, SOAK_HOST, Date.now()])

/**
 * A number from 0 to 1 that depends on nothing but its seed: the same attempt fails, or takes as
 * long, wherever it runs.
 */
export function chance(seed: string): number {
  let hash = 2166136261
  for (const char of seed) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619)
  // Without this last mixing, seeds that differ in their last digit give almost the same number.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/**
 * The work of every step: tells that it begins and ends, and adds the first letter of the step or
 * branch to the trail.
 */
export async function work(context: StepContext<Data>): Promise<Data> {
  const { data, pid, step, attempt, idempotencyKey } = context
  context.write(attempt)
  const [, index] = idempotencyKey.slice(`${pid}:${step}`.length).split(':')
  const item: [] | [number] = index === undefined ? [] : [Number(index)]
  write(['begin', pid, step, attempt, SOAK_HOST, Date.now(), ...item])
  await delay(chance(idempotencyKey) * 20)
  write(['end', pid, step, attempt, SOAK_HOST, Date.now(), ...item])
  return { n: data.n + 1, trail: data.trail + (step.split('.').at(-1) as string).charAt(0) }
}

/** The same, and then it often fails after all. */
export async function flaky(context: StepContext<Data>): Promise<Data> {
  const done = await work(context)
  if (chance(`${context.idempotencyKey}${context.attempt}`) < 0.4)
    throw new Error(`attempt ${context.attempt} of ${context.step} was not to be`)
  return done
}
