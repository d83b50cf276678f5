import type { ProcessBuilder } from './kinds/builder.ts'
import { checkFunction, checkOptions, checkSchema, mustBe } from '../record/check.ts'
import { defined } from '../record/defined.ts'
import type { InputOf, ParsedOf } from './data-flow.ts'
import type { StepInfo } from '../record/definition.ts'
import type { Duration } from '../record/duration.ts'
import { toMs } from '../record/duration.ts'
import { planLimits, type LimitOptions } from './limit.ts'
import type { Migrate } from './migration.ts'
import { checkProcessName, checkStepName, checkVersion, type ProcessName } from './names.ts'
import type { MustBeJson } from '../record/not-json.ts'
import type { Kind } from './kinds/kind.ts'
import { KINDS, type PlannedStep } from './kinds/kinds.ts'
import { everyStep, planOf, setPlan, type ProcessPlan } from './plan.ts'
import { runInCaller } from './run/run-in-caller.ts'
import { planSchedule, type ScheduleOptions } from './schedule.ts'
import { show } from '../record/show.ts'
import type { StandardSchemaV1 as Schema } from '../record/standard-schema.ts'
import type { Typed } from './typed.ts'

/** The types are those of `ProcessBuilder`; here everything is checked as if there were none. */
class Builder {
  readonly name: string
  readonly version: string
  readonly steps: readonly StepInfo[]

  constructor(plan: ProcessPlan) {
    this.name = plan.name
    this.version = plan.version
    this.steps = Object.freeze(everyStep(plan).map(({ name, kind }) => Object.freeze({ name, kind })))
    setPlan(this, plan)
    this.#plan = plan
    Object.freeze(this)
  }

  async run(input?: unknown, options?: unknown): Promise<unknown> {
    return runInCaller(planOf(this), input, options)
  }

  readonly #plan: ProcessPlan

  #add(kind: Kind<PlannedStep>, name: unknown, given: unknown[]): Builder {
    const checked = checkStepName(name, `process '${this.name}'`)
    if (this.steps.some(step => step.name === checked))
      throw new TypeError(`Step '${checked}' exists already in process '${this.name}': choose another name`)
    const step = Object.freeze(kind.plan(checked, ...given))
    if ('child' in step && step.child) planOf(step.child)
    return new Builder({ ...this.#plan, steps: [...this.#plan.steps, step] })
  }

  /** A method for each kind of step. */
  static {
    for (const [method, kind] of Object.entries(KINDS)) {
      const value = function (this: Builder, name: unknown, ...given: unknown[]): Builder {
        return this.#add(kind, name, given)
      }
      Object.defineProperty(this.prototype, method, { value, configurable: true, writable: true })
    }
  }
}

/**
 * `typed<T>()` is all that can say what services are: another schema would look as if it checked
 * them.
 */
function checkServices(services: unknown, what: string): void {
  if (checkSchema(services, what)['~standard'].vendor !== 'stepwright')
    throw mustBe(what, 'typed<T>(), which only tells their type', services)
}

/** Options of `defineProcess`. */
export interface ProcessOptions<S = Schema | undefined, Services = any, Name extends string = string> {
  /**
   * Lower-case letters, digits and `-`. Definitions with the same name are versions of one process.
   */
  name: ProcessName<Name>
  /**
   * Give a definition another version when its steps change while processes are under way. Default
   * '1'.
   */
  version?: string | undefined
  /** Parses the input: any Standard Schema whose output is JSON, or `typed<T>()`. */
  input?: S
  /** What the steps need from outside: `typed<{ db: Db }>()`. */
  services?: Typed<Services>
  /**
   * How long a process may be `running`, across restarts. Time in which it sleeps or is interrupted
   * does not count. Default: no limit.
   */
  timeout?: Duration | undefined
  /**
   * When processes start by themselves.
   * @example schedule: { cron: '30 2 * * *', timeZone: 'Europe/Berlin', missed: 'once' }
   * @example schedule: { every: '15m' }
   */
  schedule?: ScheduleOptions | undefined
  /**
   * How many processes may be under way at a time, or begin within a time, on all hosts of the
   * store together. Others stay pending. An array for several limits.
   * @example limit: { concurrency: 2, key: ({ input }) => input.tenant }
   * @example limit: [{ concurrency: 10 }, { rate: '100/1m' }]
   */
  limit?: LimitOptions<ParsedOf<S>> | readonly LimitOptions<ParsedOf<S>>[] | undefined
  /**
   * Says where processes of an older version continue. It is called only for processes that this
   * definition cannot restore as they are, and must be pure: no I/O, no promise.
   * @example migrate: ({ step, data }) => (step === 'parse' ? { step: 'parse-v2', data } : undefined)
   */
  migrate?: Migrate | undefined
}

export const PROCESS_CHECKS = {
  name: checkProcessName,
  version: checkVersion,
  input: checkSchema,
  services: checkServices,
  timeout: toMs,
  migrate: checkFunction<Migrate>,
  schedule: planSchedule,
  limit: planLimits,
}

/**
 * Begins the definition of a process. The methods of the result add steps.
 * @throws TypeError for a bad or unknown option
 * @example
 * export const importDump = defineProcess({ name: 'import-dump', input: typed<{ file: string }>(), timeout: '5m' })
 *   .step('read', ({ data, signal }) => readFile(data.file, { encoding: 'utf8', signal }))
 *   .step('parse', ({ data }) => JSON.parse(data), { retry: 3 })
 */
export function defineProcess<
  S extends Schema | undefined = undefined,
  Services = {},
  const Name extends string = string,
>(
  options: ProcessOptions<S & MustBeJson<ParsedOf<S>>, Services, Name>,
): ProcessBuilder<InputOf<S>, ParsedOf<S>, ParsedOf<S>, Services, never, never> {
  const given = checkOptions(options, `process ${show(options?.name)}`, PROCESS_CHECKS, 'options of defineProcess()')
  const { name = checkProcessName(undefined), version = '1', input, timeout, migrate, schedule, limit } = given
  const plan: ProcessPlan = {
    name,
    version,
    ...defined({ inputSchema: input, timeoutMs: timeout, migrate, schedule, limits: limit }),
    steps: [],
  }
  return new Builder(plan) as unknown as ProcessBuilder<InputOf<S>, ParsedOf<S>, ParsedOf<S>, Services, never, never>
}
