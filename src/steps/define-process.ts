import type { ProcessBuilder } from './builder.ts'
import { checkFunction, checkOptions, checkSchema, mustBe } from '../record/check.ts'
import { defined } from '../record/defined.ts'
import type { InputOf, ParsedOf } from './data-flow.ts'
import type { ProcessDefinition, StepInfo } from '../record/definition.ts'
import type { Duration } from '../record/duration.ts'
import { toMs } from '../record/duration.ts'
import type { Migrate } from './migration.ts'
import { checkProcessName, checkStepName, checkVersion } from './names.ts'
import type { MustBeJson } from '../record/not-json.ts'
import { planEach } from './kinds/each.ts'
import { planMachine } from './kinds/machine.ts'
import { planProcess } from './kinds/process.ts'
import { planFunctionStep } from './kinds/function.ts'
import { planInterrupt } from './kinds/interrupt.ts'
import { planParallel } from './kinds/parallel.ts'
import { everyStep, type PlannedStep, type ProcessPlan } from './plan.ts'
import { runInCaller } from './run/run.ts'
import { planSchedule, type ScheduleOptions } from './schedule.ts'
import { show } from '../record/show.ts'
import { planSleep } from './kinds/sleep.ts'
import type { StandardSchemaV1 as Schema } from '../record/standard-schema.ts'
import type { Typed } from './typed.ts'

/** The types are those of `ProcessBuilder`; here everything is checked as if there were none. */
class Builder {
  readonly name: string
  readonly version: string
  readonly steps: readonly StepInfo[]
  readonly #plan: ProcessPlan

  constructor(plan: ProcessPlan) {
    this.name = plan.name
    this.version = plan.version
    this.steps = Object.freeze(everyStep(plan).map(({ name, kind }) => Object.freeze({ name, kind })))
    this.#plan = plan
    Object.freeze(this)
  }

  step(name: string, work: unknown, options?: unknown): Builder {
    return this.#add(planFunctionStep(this.#unused(name), work, options))
  }

  interrupt(name: string, options?: unknown): Builder {
    return this.#add(planInterrupt(this.#unused(name), options))
  }

  sleep(name: string, until: unknown): Builder {
    return this.#add({ kind: 'sleep', name: this.#unused(name), until: planSleep(name, until) })
  }

  parallel(name: string, branches: unknown, options?: unknown): Builder {
    return this.#add(planParallel(this.#unused(name), branches, options))
  }

  each(name: string, items: unknown, work: unknown, options?: unknown): Builder {
    return this.#add(planEach(this.#unused(name), items, work, options))
  }

  process(name: string, definition: unknown, options?: unknown): Builder {
    return this.#add(planProcess(this.#unused(name), planOf(definition), options))
  }

  machine(name: string, machine: unknown, options?: unknown): Builder {
    return this.#add(planMachine(this.#unused(name), machine, options))
  }

  async run(input?: unknown, options?: unknown): Promise<unknown> {
    return runInCaller(planOf(this), input, options)
  }

  #unused(name: unknown): string {
    const checked = checkStepName(name, `process '${this.name}'`)
    if (!this.steps.some(step => step.name === checked)) return checked
    throw new TypeError(`Step '${checked}' exists already in process '${this.name}': choose another name`)
  }

  #add(step: PlannedStep): Builder {
    return new Builder({ ...this.#plan, steps: [...this.#plan.steps, Object.freeze(step)] })
  }

  static planOf(definition: unknown): ProcessPlan | undefined {
    return typeof definition === 'object' && definition !== null && #plan in definition ? definition.#plan : undefined
  }
}

/** `typed<T>()` is all that can say what services are: another schema would look as if it checked them. */
function checkServices(services: unknown, what: string): void {
  if (checkSchema(services, what)['~standard'].vendor !== 'stepwright')
    throw mustBe(what, 'typed<T>(), which only tells their type', services)
}

/** What is said of a process before its steps. */
export interface ProcessOptions<S = Schema | undefined, Services = any> {
  /** Small letters, digits and -. Two definitions with the same name are versions of one process. */
  name: string
  /** Change it when the steps change while processes are under way. Default '1'. */
  version?: string | undefined
  /** Parses the input: any Standard Schema whose output is JSON, or `typed<T>()`. */
  input?: S
  /** What the steps need from outside: `typed<{ db: Db }>()`. */
  services?: Typed<Services>
  /** How long the process may run, not counting what it sleeps or is interrupted. */
  timeout?: Duration | undefined
  /**
   * When it is started by itself.
   * @example schedule: { cron: '30 2 * * *', timeZone: 'Europe/Berlin', missed: 'once' }
   * @example schedule: { every: '15m' }
   */
  schedule?: ScheduleOptions | undefined
  /**
   * Says where processes of an older version go on. Asked only for what this definition cannot restore as it is. Pure: no I/O, no promise.
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
}

/**
 * Begins the definition of a process; its methods add the steps.
 * @throws TypeError for a bad or unknown option
 * @example
 * export const importDump = defineProcess({ name: 'import-dump', input: typed<{ file: string }>(), timeout: '5m' })
 *   .step('read', ({ data, signal }) => readFile(data.file, { encoding: 'utf8', signal }))
 *   .step('parse', ({ data }) => JSON.parse(data), { retry: 3 })
 */
export function defineProcess<S extends Schema | undefined = undefined, Services = {}>(
  options: ProcessOptions<S & MustBeJson<ParsedOf<S>>, Services>,
): ProcessBuilder<InputOf<S>, ParsedOf<S>, ParsedOf<S>, Services, never> {
  const given = checkOptions(options, `process ${show(options?.name)}`, PROCESS_CHECKS, 'options of defineProcess()')
  const { name = checkProcessName(undefined), version = '1', input, timeout, migrate, schedule } = given
  const plan: ProcessPlan = { name, version, ...defined({ inputSchema: input, timeoutMs: timeout, migrate, schedule }), steps: [] }
  return new Builder(plan) as unknown as ProcessBuilder<InputOf<S>, ParsedOf<S>, ParsedOf<S>, Services, never>
}

/** Whether a value is what `defineProcess()` or `fromSpecs()` returns, with at least one step. */
export const isProcessDefinition = (value: unknown): value is ProcessDefinition => (Builder.planOf(value)?.steps.length ?? 0) > 0

/**
 * The checked plan behind a definition, for whoever executes it.
 * @throws TypeError if it is no definition, or has no steps
 */
export function planOf(definition: unknown): ProcessPlan {
  const plan = Builder.planOf(definition)
  if (plan?.steps.length === 0) throw new TypeError(`Process '${plan.name}' has no steps: add one with .step()`)
  if (plan !== undefined) return plan
  throw new TypeError(`A process definition must come from defineProcess() or fromSpecs(); received ${show(definition)}`)
}
