import { AsyncLocalStorage } from 'node:async_hooks'
import { StepwrightError } from '../../errors.ts'
import { checkFunction, checkOptions, mustBe } from '../../record/check.ts'
import type { Clock } from '../../record/clock.ts'
import { onceChannel, traced, type OnceMessage } from '../../record/diagnostics.ts'
import { toMs } from '../../record/duration.ts'
import { copyJson, toJson } from '../../record/json.ts'
import { show } from '../../record/show.ts'
import { planRetry } from '../retry.ts'
import type { Json } from '../../record/record.ts'
import type { OnceCall, StepContext } from '../work.ts'
import { attemptUntilDone } from './attempts.ts'
import { toChunk } from './chunk.ts'
import type { Execution } from './execution.ts'
import type { StepMemory } from './step-memory.ts'

const MAX_NAME = 256
/** Of one attempt at a step, a branch or an item. */
const MAX_NAMES = 10_000

const CHECKS = { timeout: toMs, retry: planRetry }

/** The names of the calls that the code now running is part of, innermost first. */
interface Inside {
  readonly name: string
  readonly memory: StepMemory
  readonly outer: Inside | undefined
}
const inside = new AsyncLocalStorage<Inside>()

/** Whether the code now running is part of what this memory's step does once. */
export function isInsideOnce(memory: StepMemory): boolean {
  for (let outer = inside.getStore(); outer !== undefined; outer = outer.outer) if (outer.memory === memory) return true
  return false
}

/**
 * A name by which something is remembered.
 * @param call the method that was given it @throws TypeError, ERR_MEMORY_LIMIT
 */
export function checkName(name: string, call: string, what: string): void {
  if (typeof name !== 'string' || name === '' || /^[#?]/.test(name))
    throw mustBe(`name of ${call} in ${what}`, 'a string that is not empty and does not begin with # or ?', name)
  if (name.length > MAX_NAME)
    throw new StepwrightError(
      'ERR_MEMORY_LIMIT',
      `The name ${show(name)} of ${call} in ${what} is longer than ${MAX_NAME} characters`,
    )
}

/** What remembers: a step, a branch, or an item of one. */
export interface Remembers {
  /** Names it in messages. */
  readonly what: string
  readonly memory: StepMemory
  /** What its names begin with in the memory: nothing, or the item. */
  readonly scope: string
  /** Adds a chunk to the stream, which the work of a call of `once` wrote in one of its attempts. */
  readonly write: (once: string, attempt: number, chunk: Json) => void
}

/** What calls `once`: an attempt. */
export interface OnceUnit extends Remembers {
  readonly idempotencyKey: string
  readonly execution: Pick<Execution, 'signal'>
  readonly clock: Clock
  readonly maxBytes: number
}

/** The calls of `once` by one attempt. */
export class OnceCalls {
  readonly #unit: OnceUnit
  readonly #names = new Set<string>()
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(unit: OnceUnit) {
    this.#unit = unit
  }

  /** By the names that the memory has. */
  get names(): string[] {
    return [...this.#names].map(name => `${this.#unit.scope}${name}`)
  }

  get isBusy(): boolean {
    return this.#underWay.size > 0
  }

  /** Resolves once none is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }

  /** As a step is given it. */
  readonly once: StepContext['once'] = async (name: string, work: unknown, options: unknown = {}): Promise<any> => {
    const key = this.#keyOf(name)
    const what = `once(${show(name)}) in ${this.#unit.what}`
    const planned = checkOptions(options, what, CHECKS)
    const attempts = this.#attempts(name, what, checkFunction(work, `work of ${what}`), planned)
    const call = onceChannel.hasSubscribers ? this.#traced(name, key, attempts) : this.#call(key, attempts)
    this.#track(call)
    return copyJson(await call)
  }

  #call(key: string, attempts: () => Promise<Json>): Promise<Json> {
    return this.#unit.memory.once(key, attempts, () => this.#unit.clock.now())
  }

  #traced(name: string, key: string, attempts: () => Promise<Json>): Promise<Json> {
    const message: OnceMessage = { name, idempotencyKey: `${this.#unit.idempotencyKey}:${name}` }
    let isDone = true
    return traced(onceChannel, message, async () => {
      const output = await this.#call(key, () => {
        isDone = false
        return attempts()
      })
      message.remembered = isDone
      return output
    })
  }

  /** @throws TypeError, ERR_MEMORY_LIMIT */
  #keyOf(name: string): string {
    const { what, scope, memory } = this.#unit
    checkName(name, 'once()', what)
    this.#names.add(name)
    if (this.#names.size > MAX_NAMES)
      throw new StepwrightError(
        'ERR_MEMORY_LIMIT',
        `There is no room for once(${show(name)}) in ${what}: it has used ${MAX_NAMES} names. Divide its work into several steps, or use each()`,
      )
    const key = `${scope}${name}`
    for (let outer = inside.getStore(); outer !== undefined; outer = outer.outer)
      if (outer.name === key && outer.memory === memory)
        throw new TypeError(
          `once(${show(name)}) in ${what} would wait for itself: give what is done inside of it another name`,
        )
    return key
  }

  /** The work with its retries. */
  #attempts(
    name: string,
    what: string,
    work: (call: OnceCall) => unknown,
    { retry, timeout }: { retry?: ReturnType<typeof planRetry>; timeout?: number },
  ): () => Promise<Json> {
    const { scope, memory, clock, maxBytes, execution } = this.#unit
    const idempotencyKey = `${this.#unit.idempotencyKey}:${name}`
    const within: Inside = { name: `${scope}${name}`, memory, outer: inside.getStore() }
    return () => {
      execution.signal.throwIfAborted()
      return attemptUntilDone({
        what,
        retry,
        timeoutMs: timeout,
        seed: idempotencyKey,
        clock,
        signal: execution.signal,
        work: async (attempt, current) =>
          toJson(
            await inside.run(within, work, {
              attempt,
              idempotencyKey,
              get signal() {
                return current.signal
              },
              write: chunk => this.#unit.write(name, attempt, toChunk(chunk)),
            }),
            maxBytes,
          ),
        giveUp: (failure, _, settled) => {
          this.#track(settled)
          return failure as Error
        },
      })
    }
  }

  #track(promise: Promise<unknown>): void {
    this.#underWay.add(promise)
    const over = (): unknown => this.#underWay.delete(promise)
    promise.then(over, over)
  }
}
