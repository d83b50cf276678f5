import { ProcessTimeoutError } from '../../errors.ts'
import { checkOptions, checkServices, checkSignal, mustBe } from '../../record/check.ts'
import { toJson } from '../../record/json.ts'
import { waitsFor } from '../kinds/kinds.ts'
import { childPlans, missingServices, planOf, worksOf, type ProcessPlan } from '../plan.ts'
import { validateInput } from '../validate.ts'
import { withLimit } from './limit.ts'
import { contextOf, MAX_BYTES, runKind, type Run } from './run-kinds.ts'
import { undoRun } from './undo-run.ts'

/** The first step that waits for what only a client can bring, and for what. */
function pauseIn({ steps }: ProcessPlan): { readonly name: string; readonly needs: string } | undefined {
  for (const step of steps) {
    const needs = waitsFor(step)
    const pause =
      needs === undefined ? 'child' in step && step.child && pauseIn(planOf(step.child)) : { name: step.name, needs }
    if (pause) return pause
  }
  return undefined
}

const RUN_CHECKS = { services: checkServices, signal: checkSignal }

function checkRun(plan: ProcessPlan, options: unknown): { services: object; signal: AbortSignal } {
  const what = `run() of process '${plan.name}'`
  const { services = {}, signal = new AbortController().signal } = checkOptions(options, what, RUN_CHECKS)
  const missing = missingServices([plan, ...childPlans(plan)].flatMap(worksOf), services)
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
  let leftMs = plan.timeoutMs
  const late = (): Error =>
    new ProcessTimeoutError('ERR_PROCESS_TIMEOUT', `Process '${plan.name}' ran longer than ${plan.timeoutMs} ms`, {
      pid: 'run',
    })
  const running = async <T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const beganAt = performance.now()
    const result = await withLimit(leftMs, signal, late, body)
    if (leftMs !== undefined) leftMs = Math.max(0, leftMs - (performance.now() - beganAt))
    return result
  }

  const run: Run = {
    plan,
    services,
    input: toJson((await validateInput(plan, input)).value, MAX_BYTES),
    seed: `${Math.random()}`,
    memories: new Map(),
    outputs: new Map(),
    done: [],
    signal,
    running,
    runChild: (child, childInput, childSignal) => runInCaller(child, childInput, { services, signal: childSignal }),
  }
  let data = run.input
  try {
    for (const step of plan.steps) {
      data = await runKind(run, step, data)
      if (!run.outputs.has(step.name)) run.outputs.set(step.name, data)
    }
    return data
  } catch (error) {
    throw await undoRun(
      { ...run, contextOf: (work, given, attempt) => contextOf(run, work, given, attempt, signal) },
      error,
    )
  }
}
