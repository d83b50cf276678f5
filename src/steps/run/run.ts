import type { Json } from '../../record/record.ts'
import { ProcessError, ProcessTimeoutError, StepwrightError } from '../../errors.ts'
import { checkOptions, checkServices, checkSignal, mustBe } from '../../record/check.ts'
import { begins, waitsFor } from '../kinds/kinds.ts'
import { prepare } from '../prepare-work.ts'
import { foregroundClock, wait } from '../../record/clock.ts'
import { copyJson, toJson } from '../../record/json.ts'
import { attemptUntilDone } from './attempts.ts'
import { tookTooLong } from './execution.ts'
import { withLimit } from './limit.ts'
import { branchKey, type ParallelStep } from '../kinds/parallel.ts'
import { childPlans, missingServices, planOf, type ProcessPlan } from '../plan.ts'
import type { ChildStep } from '../kinds/process.ts'
import type { EachStep } from '../kinds/each.ts'
import type { FunctionStep } from '../kinds/function.ts'
import { pool } from './pool.ts'
import { validateInput } from '../schema.ts'
import { show } from '../../record/show.ts'
import { wakeTime } from '../kinds/sleep.ts'
import type { StepContext } from '../work.ts'

/** There is no store whose limit would count: this one only stops what would eat all memory. */
const MAX_BYTES = 64 * 1024 * 1024

/** What all steps of one run share. */
interface Run {
  readonly plan: ProcessPlan
  readonly services: object
  readonly input: Json
  /** Differs from run to run, for the jitter of retries. */
  readonly seed: string
}

/** A step, or an item of one. */
interface Named {
  readonly name: string
  readonly index?: number
}

/** What is attempted: a step, a branch or an item. */
type Unit = Named & Pick<FunctionStep, 'work' | 'when' | 'timeoutMs' | 'retry'>

function contextOf(
  { services, input }: Run,
  { name, index }: Named,
  data: Json,
  attempt: number,
  signal: AbortSignal,
): StepContext<any, any, any> {
  return {
    data: copyJson(data),
    input: copyJson(input),
    services,
    pid: 'run',
    step: name,
    attempt,
    idempotencyKey: `run:${name}${index === undefined ? '' : `:${index}`}`,
    signal,
    progress: () => {},
    log: () => {},
  }
}

function stepFailed(run: Run, unit: Named, attempt: number, cause: unknown): ProcessError {
  const code = cause instanceof StepwrightError ? cause.code : 'ERR_STEP_FAILED'
  const times = attempt > 1 ? ` at attempt ${attempt}` : ''
  const why = cause instanceof Error ? cause.message : show(cause)
  return new ProcessError(code, `${nameOf(run, unit)} failed${times}: ${why}`, { pid: 'run', step: unit.name, attempt, cause })
}

/** The step's output as JSON. */
async function attemptOnce(step: Unit, work: ReturnType<typeof prepare>, data: Json, context: StepContext<any, any, any>): Promise<Json> {
  if (step.when && !(await step.when(context))) return data
  return toJson(await work(context), MAX_BYTES)
}

const nameOf = ({ plan }: Run, { name, index }: Named): string =>
  `${index === undefined ? 'Step' : `Item ${index} of step`} '${name}' of process '${plan.name}'`

function runStep(run: Run, step: Unit, data: Json, signal: AbortSignal): Promise<Json> {
  const work = prepare(step.work, run.services)
  return attemptUntilDone({
    what: nameOf(run, step),
    retry: step.retry,
    timeoutMs: step.timeoutMs,
    seed: `${run.seed}/${step.name}/${step.index}`,
    clock: foregroundClock,
    signal,
    work: (attempt, execution) => attemptOnce(step, work, data, contextOf(run, step, data, attempt, execution.signal)),
    giveUp: (failure, attempt) => stepFailed(run, step, attempt, failure),
  })
}

/** A step that consists of other work: the first failure, or its timeout, aborts the rest. */
async function runWhole<T>(
  run: Run,
  step: Named & { readonly timeoutMs?: number },
  signal: AbortSignal,
  body: (signal: AbortSignal, abort: (error: unknown) => void) => Promise<T>,
): Promise<T> {
  const failed = new AbortController()
  try {
    const late = (): Error => new StepwrightError('ERR_STEP_TIMEOUT', tookTooLong(nameOf(run, step), step.timeoutMs ?? 0))
    return await withLimit(step.timeoutMs, AbortSignal.any([signal, failed.signal]), late, inner =>
      body(inner, error => failed.abort(error)),
    )
  } catch (error) {
    failed.abort(error)
    signal.throwIfAborted()
    throw error instanceof ProcessError ? error : stepFailed(run, step, 1, error)
  }
}

const runParallel = (run: Run, step: ParallelStep, data: Json, signal: AbortSignal): Promise<Json> =>
  runWhole(run, step, signal, async inner => {
    if (step.when && !(await step.when(contextOf(run, step, data, 1, inner)))) return data
    const branches = step.branches.map(async branch => [branchKey(branch.name), await runStep(run, branch, data, inner)] as const)
    return Object.fromEntries(await Promise.all(branches))
  })

function runEach(run: Run, step: EachStep, data: Json, signal: AbortSignal): Promise<Json> {
  const { name, work, concurrency, when, retry, timeoutMs } = step
  return runWhole(run, { name }, signal, async (inner, abort) => {
    const context = contextOf(run, step, data, 1, inner)
    if (when && !(await when(context))) return data
    const items = toJson(await begins(step, run.services)(context), MAX_BYTES) as readonly Json[]
    const outputs = Array.from<Json>({ length: items.length })
    const item = { name, work, ...(retry && { retry }), ...(timeoutMs !== undefined && { timeoutMs }) }
    await pool(items.keys(), concurrency, async index => {
      try {
        outputs[index] = await runStep(run, { ...item, index }, items[index] as Json, inner)
      } catch (error) {
        abort(error)
        throw error
      }
    })
    return outputs
  })
}

/** The child's data is copied as if it were another process's. */
async function runChild(run: Run, step: ChildStep, data: Json, signal: AbortSignal): Promise<Json> {
  return runWhole(run, step, signal, async inner => {
    const context = contextOf(run, step, data, 1, inner)
    if (step.when && !(await step.when(context))) return data
    try {
      const input = toJson(await begins(step, run.services)(context), MAX_BYTES)
      return (await runInCaller(planOf(step.child), input, { services: run.services, signal: inner })) as Json
    } catch (error) {
      inner.throwIfAborted()
      throw stepFailed(run, step, 1, error)
    }
  })
}

/** The first step that waits for what only a client can bring, and for what. */
function pauseIn({ steps }: ProcessPlan): { readonly name: string; readonly needs: string } | undefined {
  for (const step of steps) {
    const needs = waitsFor(step)
    const pause = needs === undefined ? 'child' in step && pauseIn(planOf(step.child)) : { name: step.name, needs }
    if (pause) return pause
  }
  return undefined
}

const RUN_CHECKS = { services: checkServices, signal: checkSignal }

function checkRun(plan: ProcessPlan, options: unknown): { services: object; signal: AbortSignal } {
  const what = `run() of process '${plan.name}'`
  const { services = {}, signal = new AbortController().signal } = checkOptions(options, what, RUN_CHECKS)
  const missing = [...new Set([plan, ...childPlans(plan)].flatMap(one => missingServices(one, services)))]
  if (missing.length > 0) throw mustBe(`services of ${what}`, `an object with ${missing.join(', ')}`, services)
  const pause = pauseIn(plan)
  if (pause === undefined) return { services, signal }
  throw new TypeError(
    `Process '${plan.name}' cannot run in its caller: step '${pause.name}' waits for ${pause.needs}. Start it with a runtime: runtime.start()`,
  )
}

/** See `ProcessDefinition.run`. */
export async function runInCaller(plan: ProcessPlan, input: unknown, options: unknown = {}): Promise<unknown> {
  const { services, signal } = checkRun(plan, options)
  signal.throwIfAborted()
  const run: Run = { plan, services, input: toJson((await validateInput(plan, input)).value, MAX_BYTES), seed: `${Math.random()}` }

  let leftMs = plan.timeoutMs
  const late = (): Error =>
    new ProcessTimeoutError('ERR_PROCESS_TIMEOUT', `Process '${plan.name}' ran longer than ${plan.timeoutMs} ms`, { pid: 'run' })
  /** Sleeping is not running: only what happens in here counts against the process's timeout. */
  const running = async <T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const beganAt = performance.now()
    const result = await withLimit(leftMs, signal, late, body)
    if (leftMs !== undefined) leftMs = Math.max(0, leftMs - (performance.now() - beganAt))
    return result
  }

  let data = run.input
  for (const step of plan.steps) {
    if (step.kind === 'step') data = await running(stepSignal => runStep(run, step, data, stepSignal))
    else if (step.kind === 'parallel') data = await running(stepSignal => runParallel(run, step, data, stepSignal))
    else if (step.kind === 'process') data = await running(stepSignal => runChild(run, step, data, stepSignal))
    else if (step.kind === 'each') data = await running(stepSignal => runEach(run, step, data, stepSignal))
    else if (step.kind === 'sleep') {
      const at = await running(async stepSignal => {
        try {
          return await wakeTime(step, contextOf(run, step, data, 1, stepSignal), Date.now)
        } catch (error) {
          throw stepFailed(run, step, 1, error)
        }
      })
      await wait(foregroundClock, Math.max(0, at - Date.now()), signal)
    }
  }
  return data
}
