import { StepwrightError } from '../../errors.ts'
import { checkOptions, checkSchema } from '../../record/check.ts'
import type { Clock } from '../../record/clock.ts'
import { defined } from '../../record/defined.ts'
import { toMs } from '../../record/duration.ts'
import { copyJson } from '../../record/json.ts'
import type { Answered, Json, Wait } from '../../record/record.ts'
import { show } from '../../record/show.ts'
import type { StandardSchemaV1 } from '../../record/standard-schema.ts'
import { answerName } from '../../record/wait.ts'
import { wakeTimeOf } from '../../steps/kinds/sleep.ts'
import { cannotWait } from '../../steps/run/cannot-wait.ts'
import { checkName, isInsideOnce, type OnceCalls } from '../../steps/run/once-calls.ts'
import type { StepMemory } from '../../steps/run/step-memory.ts'
import type { StepContext } from '../../steps/work.ts'

/** How many things one attempt may wait for at the same time. */
const MAX_WAITS = 1_000

/** JSON Schemas larger than this stay out of the record. In characters. */
const MAX_SCHEMA = 16_384

/** The attempt that waits. */
export interface WaitingAttempt {
  /** Names it in messages. */
  readonly what: string
  readonly memory: StepMemory
  readonly clock: Clock
  /** What an attempt before this one waited for and got no answer to. */
  readonly before: readonly Wait[]
  readonly signal: AbortSignal
  /** The attempt's calls of `once`, if it has made any. */
  readonly calls: () => OnceCalls | undefined
  /** Gives the attempt up: the step begins anew when one of these is answered. */
  readonly giveUp: (waits: readonly Wait[], schemas: ReadonlyMap<string, StandardSchemaV1>) => void
}

/** What one attempt waits for. */
export class Waits {
  readonly #attempt: WaitingAttempt
  readonly #waits = new Map<string, Wait>()
  readonly #schemas = new Map<string, StandardSchemaV1>()
  #isSettling = false
  #isGivenUp = false

  constructor(attempt: WaitingAttempt) {
    this.#attempt = attempt
  }

  /** As a step is given it. */
  readonly waitFor: StepContext['waitFor'] = async (name: string, options: unknown = {}): Promise<any> => {
    const what = this.#check('waitFor', name)
    const { timeout, schema } = checkOptions(options, what, { timeout: toMs, schema: checkSchema })
    const answer = await this.#answerTo(name)
    if (answer?.timedOut) throw new StepwrightError('ERR_STEP_TIMEOUT', `Nobody answered ${what} within its timeout`)
    if (answer !== undefined) return answer.data === undefined ? undefined : copyJson(answer.data)
    if (schema !== undefined) this.#schemas.set(name, schema)
    const now = this.#attempt.clock.now()
    return this.#wait(
      what,
      defined({
        name,
        since: now,
        until: timeout === undefined ? undefined : now + timeout,
        ...(schema && { isChecked: true as const, schema: jsonSchemaOf(schema) }),
      }),
    )
  }

  /** As a step is given it. */
  readonly sleep: StepContext['sleep'] = async (name: string, given: unknown): Promise<void> => {
    const what = this.#check('sleep', name)
    const now = this.#attempt.clock.now()
    const until = wakeTimeOf(given, `time of ${what}`, now)
    if ((await this.#answerTo(name)) !== undefined || until <= now) return
    await this.#wait(what, { name, since: now, until, isSleep: true, ...(given instanceof Date && { isDate: true }) })
  }

  /** @throws TypeError, ERR_MEMORY_LIMIT, ERR_CANNOT_WAIT */
  #check(call: string, name: string): string {
    const { memory, what } = this.#attempt
    checkName(name, `${call}()`, what)
    if (isInsideOnce(memory)) throw cannotWait(call, name, `the work of once() in ${what}`)
    return `${call}(${show(name)}) in ${what}`
  }

  async #answerTo(name: string): Promise<Answered | undefined> {
    return (await this.#attempt.memory.recall(answerName(name))) as Answered | undefined
  }

  /**
   * Never resolves: the attempt is given up, and a later one finds the answer. Rejects if the
   * attempt is told to end before that.
   */
  #wait(what: string, wait: Wait): Promise<never> {
    const { signal, before } = this.#attempt
    const known = before.find(({ name, isSleep }) => name === wait.name && isSleep === wait.isSleep)
    if (this.#waits.size >= MAX_WAITS)
      throw new StepwrightError('ERR_MEMORY_LIMIT', `There is no room for ${what}: it waits for ${MAX_WAITS} names`)
    this.#waits.set(wait.name, { ...wait, ...(known && { since: known.since, ...defined({ until: known.until }) }) })
    const { promise, reject } = Promise.withResolvers<never>()
    const stop = (): void => {
      if (!this.#isGivenUp) reject(signal.reason)
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    if (!this.#isSettling) {
      this.#isSettling = true
      void this.#settle()
    }
    return promise
  }

  /** Gives the attempt up once it does nothing that would be remembered. */
  async #settle(): Promise<void> {
    const { calls, giveUp, signal } = this.#attempt
    // Code beside the wait gets a turn of the event loop, to wait too or to call `once` again.
    do {
      await calls()?.settled()
      await new Promise(resolve => setImmediate(resolve))
    } while (calls()?.isBusy)
    if (signal.aborted) return
    this.#isGivenUp = true
    giveUp([...this.#waits.values()], this.#schemas)
  }
}

/** The schema as JSON Schema, if its library can convert it and the result is small. */
function jsonSchemaOf(schema: StandardSchemaV1): Json | undefined {
  try {
    const made: unknown = schema['~standard'].jsonSchema?.input({ target: 'draft-2020-12' })
    const text = JSON.stringify(made)
    return text === undefined || text.length > MAX_SCHEMA ? undefined : (JSON.parse(text) as Json)
  } catch {
    // Not every schema can be expressed as JSON Schema.
    return undefined
  }
}
