import { ProcessError, StepwrightError } from '../../errors.ts'
import { foregroundClock, wait } from '../../record/clock.ts'
import { toErrorRecord } from '../../record/error-record.ts'
import { copyJson, toJson } from '../../record/json.ts'
import type { Json, StepKind } from '../../record/record.ts'
import { show } from '../../record/show.ts'
import { fulfilled, rejected, type Tolerated } from '../failures.ts'
import type { EachStep } from '../kinds/each.ts'
import type { FunctionStep } from '../kinds/function.ts'
import { begins, type PlannedStep } from '../kinds/kinds.ts'
import { branchKey, type ParallelStep } from '../kinds/parallel.ts'
import type { ChildStep } from '../kinds/process.ts'
import { wakeTime, type SleepStep } from '../kinds/sleep.ts'
import { planOf, type ProcessPlan } from '../plan.ts'
import { prepare } from '../prepare-work.ts'
import type { StepContext } from '../work.ts'
import { attemptUntilDone } from './attempts.ts'
import { toChunk } from './chunk.ts'
import { startRefused } from './cannot-start.ts'
import { waitsRefused } from './cannot-wait.ts'
import { tookTooLong } from './execution.ts'
import { OnceCalls } from './once-calls.ts'
import { CallersMemory, type StepMemory } from './step-memory.ts'
import { withLimit } from './limit.ts'
import type { DoneWork } from './undo-run.ts'
import { pool } from './pool.ts'

/** There is no store whose limit would count: this one only stops what would eat all memory. */
export const MAX_BYTES = 64 * 1024 * 1024

/** What all steps of one run share. */
export interface Run {
  readonly plan: ProcessPlan
  readonly services: object
  readonly input: Json
  /** Differs from run to run, for the jitter of retries. */
  readonly seed: string
  /** By step, or the path of a branch. */
  readonly memories: Map<string, StepMemory>
  /** Of the steps that have ended; `undefined` of one that was skipped. */
  readonly outputs: Map<string, Json | undefined>
  /** What may have to be undone, in the order in which it ended. */
  readonly done: DoneWork[]
  /** Ends the run. */
  readonly signal: AbortSignal
  /** Counts what `body` takes against the timeout of the process, and ends it in time. */
  readonly running: <T>(body: (signal: AbortSignal) => Promise<T>) => Promise<T>
  readonly runChild: (plan: ProcessPlan, input: Json, signal: AbortSignal) => Promise<unknown>
}

/** A step, or an item of one. */
interface Named {
  readonly name: string
  readonly index?: number
}

/** What is attempted: a step, a branch or an item. */
type Unit = Named & Pick<FunctionStep, 'work' | 'when' | 'timeoutMs' | 'retry'>

function memoryOf({ memories }: Run, step: string): StepMemory {
  const memory = memories.get(step) ?? new CallersMemory()
  memories.set(step, memory)
  return memory
}

function outputOf({ outputs, plan }: Run, step: string): Json | undefined {
  const output = outputs.get(step)
  if (output !== undefined) return copyJson(output)
  if (outputs.has(step)) return undefined
  throw new StepwrightError(
    'ERR_UNKNOWN_STEP',
    `Process '${plan.name}' has no output of step ${show(step)}: no such step has ended`,
  )
}

export function contextOf(
  run: Run,
  unit: Named,
  data: Json,
  attempt: number,
  signal: AbortSignal,
): StepContext<any, any, any> {
  const { services, input } = run
  const { name, index } = unit
  const idempotencyKey = `run:${name}${index === undefined ? '' : `:${index}`}`
  const { once } = new OnceCalls({
    what: nameOf(run, unit),
    memory: memoryOf(run, name),
    scope: index === undefined ? '' : `#${index}:`,
    idempotencyKey,
    execution: { signal },
    clock: foregroundClock,
    maxBytes: MAX_BYTES,
    write: () => {},
  })
  return {
    data: copyJson(data),
    input: copyJson(input),
    services,
    pid: 'run',
    step: name,
    attempt,
    idempotencyKey,
    signal,
    once,
    output: async (step: string) => outputOf(run, step) as any,
    ...waitsRefused(`${nameOf(run, unit)}, which runs in its caller`),
    start: startRefused(`${nameOf(run, unit)}, which runs in its caller`),
    progress: () => {},
    log: () => {},
    write: chunk => void toChunk(chunk),
  }
}

function stepFailed(run: Run, unit: Named, attempt: number, cause: unknown): ProcessError {
  const code = cause instanceof StepwrightError ? cause.code : 'ERR_STEP_FAILED'
  const times = attempt > 1 ? ` at attempt ${attempt}` : ''
  const why = cause instanceof Error ? cause.message : show(cause)
  return new ProcessError(code, `${nameOf(run, unit)} failed${times}: ${why}`, {
    pid: 'run',
    step: unit.name,
    attempt,
    cause,
  })
}

async function isSkipped(
  run: Run,
  { name, when }: Named & Pick<FunctionStep, 'when'>,
  context: StepContext,
): Promise<boolean> {
  if (when === undefined || (await when(context))) return false
  run.outputs.set(name, undefined)
  return true
}

/** The step's output as JSON. */
async function attemptOnce(
  run: Run,
  step: Unit,
  work: ReturnType<typeof prepare>,
  data: Json,
  context: StepContext<any, any, any>,
): Promise<Json> {
  if (await isSkipped(run, step, context)) return data
  return toJson(await work(context), MAX_BYTES)
}

const nameOf = ({ plan }: Run, { name, index }: Named): string =>
  `${index === undefined ? 'Step' : `Item ${index} of step`} '${name}' of process '${plan.name}'`

function runStep(run: Run, step: Unit, data: Json, signal: AbortSignal): Promise<Json> {
  return noted(run, step, data, attemptStep(run, step, data, signal))
}

/** Remembers what a step, a branch or an item has done, unless it was skipped. */
async function noted(run: Run, { name, index }: Named, data: Json, working: Promise<Json>): Promise<Json> {
  const unit = { name, ...(index !== undefined && { index }), data }
  try {
    const output = await working
    if (!run.outputs.has(name)) run.done.push({ ...unit, output })
    return output
  } catch (error) {
    run.done.push({ ...unit, output: undefined })
    throw error
  }
}

function attemptStep(run: Run, step: Unit, data: Json, signal: AbortSignal): Promise<Json> {
  const work = prepare(step.work, run.services)
  return attemptUntilDone({
    what: nameOf(run, step),
    retry: step.retry,
    timeoutMs: step.timeoutMs,
    seed: `${run.seed}/${step.name}/${step.index}`,
    clock: foregroundClock,
    signal,
    work: (attempt, execution) =>
      attemptOnce(run, step, work, data, contextOf(run, step, data, attempt, execution.signal)),
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
    const late = (): Error =>
      new StepwrightError('ERR_STEP_TIMEOUT', tookTooLong(nameOf(run, step), step.timeoutMs ?? 0))
    return await withLimit(step.timeoutMs, AbortSignal.any([signal, failed.signal]), late, inner =>
      body(inner, error => failed.abort(error)),
    )
  } catch (error) {
    failed.abort(error)
    signal.throwIfAborted()
    throw error instanceof ProcessError ? error : stepFailed(run, step, 1, error)
  }
}

/** What becomes of the pieces of a step: their outputs, or how each has settled. */
function keeping({ tolerated }: { readonly tolerated?: Tolerated }, count: number) {
  let failures = 0
  return async (piece: () => Promise<Json>, signal: AbortSignal): Promise<Json> => {
    if (!tolerated) return piece()
    try {
      return fulfilled(await piece())
    } catch (error) {
      failures += 1
      if (signal.aborted || failures > tolerated(count)) throw error
      return rejected(toErrorRecord(error instanceof ProcessError ? error.cause : error))
    }
  }
}

const runParallel = (run: Run, step: ParallelStep, data: Json, signal: AbortSignal): Promise<Json> =>
  runWhole(run, step, signal, async inner => {
    if (await isSkipped(run, step, contextOf(run, step, data, 1, inner))) return data
    const keep = keeping(step, step.branches.length)
    const branches = step.branches.map(
      async branch => [branchKey(branch.name), await keep(() => runStep(run, branch, data, inner), inner)] as const,
    )
    return Object.fromEntries(await Promise.all(branches))
  })

function runEach(run: Run, step: EachStep, data: Json, signal: AbortSignal): Promise<Json> {
  const { name, work, child, concurrency, retry, timeoutMs } = step
  return runWhole(run, { name }, signal, async (inner, abort) => {
    const context = contextOf(run, step, data, 1, inner)
    if (await isSkipped(run, step, context)) return data
    const items = toJson(await begins(step, run.services)(context), MAX_BYTES) as readonly Json[]
    const outputs = Array.from<Json>({ length: items.length })
    const keep = keeping(step, items.length)
    const item = { name, ...(retry && { retry }), ...(timeoutMs !== undefined && { timeoutMs }) }
    await pool(items.keys(), concurrency, async index => {
      try {
        const one = items[index] as Json
        outputs[index] = await keep(
          () =>
            work
              ? runStep(run, { ...item, work, index }, one, inner)
              : runItsProcess(run, { name, index }, child, one, inner),
          inner,
        )
      } catch (error) {
        abort(error)
        throw error
      }
    })
    return outputs
  })
}

async function runItsProcess(
  run: Run,
  item: Named,
  child: EachStep['child'],
  data: Json,
  signal: AbortSignal,
): Promise<Json> {
  try {
    return (await run.runChild(planOf(child), copyJson(data), signal)) as Json
  } catch (error) {
    signal.throwIfAborted()
    throw stepFailed(run, item, 1, error)
  }
}

/** The child's data is copied as if it were another process's. */
function runChildStep(run: Run, step: ChildStep, data: Json, signal: AbortSignal): Promise<Json> {
  return runWhole(run, step, signal, async inner => {
    const context = contextOf(run, step, data, 1, inner)
    if (await isSkipped(run, step, context)) return data
    try {
      const input = toJson(await begins(step, run.services)(context), MAX_BYTES)
      return (await run.runChild(planOf(step.child), input, inner)) as Json
    } catch (error) {
      inner.throwIfAborted()
      throw stepFailed(run, step, 1, error)
    }
  })
}

/** Sleeping is not running: it does not count against the timeout of the process. */
async function runSleep(run: Run, step: SleepStep, data: Json): Promise<Json> {
  const at = await run.running(async signal => {
    try {
      return await wakeTime(step, contextOf(run, step, data, 1, signal), Date.now)
    } catch (error) {
      throw stepFailed(run, step, 1, error)
    }
  })
  await wait(foregroundClock, Math.max(0, at - Date.now()), run.signal)
  return data
}

type RunKind<Step> = (run: Run, step: Step, data: Json) => Promise<Json>

const whileRunning =
  <Step>(body: (run: Run, step: Step, data: Json, signal: AbortSignal) => Promise<Json>): RunKind<Step> =>
  (run, step, data) =>
    run.running(signal => body(run, step, data, signal))

/** Every kind that can run in its caller; the others wait for a client. */
const RUNS: { readonly [K in StepKind]?: RunKind<Extract<PlannedStep, { kind: K }>> } = {
  step: whileRunning(runStep),
  sleep: runSleep,
  parallel: whileRunning(runParallel),
  each: whileRunning(runEach),
  process: whileRunning((run, step, data, signal) => noted(run, step, data, runChildStep(run, step, data, signal))),
}

/** The output of a step, run here. */
export const runKind = (run: Run, step: PlannedStep, data: Json): Promise<Json> =>
  (RUNS[step.kind] as RunKind<PlannedStep>)(run, step, data)
