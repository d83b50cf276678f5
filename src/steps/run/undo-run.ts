import { ProcessError, ProcessTimeoutError, ProcessUndoError } from '../../errors.ts'
import { foregroundClock } from '../../record/clock.ts'
import { toErrorRecord } from '../../record/error-record.ts'
import { reasonOf, type ErrorRecord, type Json } from '../../record/record.ts'
import { show } from '../../record/show.ts'
import type { UndoStep } from '../kinds/undo.ts'
import { undosOf, type ProcessPlan } from '../plan.ts'
import { prepare } from '../prepare-work.ts'
import type { StepContext } from '../work.ts'
import { attemptUntilDone } from './attempts.ts'
import { pool } from './pool.ts'

/** Work of a step, a branch or an item, which may have to be undone. */
export interface DoneWork {
  readonly name: string
  readonly index?: number
  readonly data: Json
  /** `undefined`: it has failed. */
  readonly output: Json | undefined
}

/** A run that does not finish. */
export interface UndoneRun {
  readonly plan: ProcessPlan
  readonly services: object
  readonly done: readonly DoneWork[]
  readonly contextOf: (
    work: { readonly name: string; readonly index?: number },
    data: Json,
    attempt: number,
  ) => StepContext
}

const NEVER = new AbortController().signal

/** Why a process does not finish, as its record would say it. */
function recordOf(error: unknown): ErrorRecord {
  if (error instanceof ProcessTimeoutError) return toErrorRecord(error)
  if (!(error instanceof ProcessError)) return { ...toErrorRecord(error), code: 'ERR_CANCELLED' }
  const { step = '', attempt = 1 } = error
  return { ...toErrorRecord(error.cause ?? error), step, attempt }
}

/**
 * Undoes what the run has done, the step that ended last first.
 * @returns why the run does not finish
 */
export async function undoRun(run: UndoneRun, error: unknown): Promise<unknown> {
  const failed: [step: string, why: string][] = []
  for (const step of run.plan.steps.toReversed())
    await Promise.all(
      undosOf(step).map(async undo => {
        try {
          await undoStep(run, undo, recordOf(error))
        } catch (thrown) {
          failed.push([undo.of, thrown instanceof Error ? thrown.message : show(thrown)])
        }
      }),
    )
  if (failed.length === 0) return error
  const reasons = failed.map(([step, why]) => `'${step}' (${why})`).join(', ')
  const undos = failed.map(([step]) => step)
  return new ProcessUndoError(`Process '${run.plan.name}' failed: These steps could not be undone: ${reasons}`, {
    pid: 'run',
    undos,
    cause: error,
  })
}

async function undoStep(run: UndoneRun, undo: UndoStep, error: ErrorRecord): Promise<void> {
  const isOfItems = undo.way === 'items'
  const done = run.done.filter(
    ({ name, output }) => name === undo.of && (output !== undefined || (undo.whenBegun === true && !isOfItems)),
  )
  const errors: unknown[] = []
  await pool(done.keys(), isOfItems ? undo.item.concurrency : 1, async place => {
    try {
      await undoOne(run, undo, done[place] as DoneWork, error)
    } catch (thrown) {
      errors.push(thrown)
    }
  })
  if (errors.length > 0) throw errors[0]
}

function undoOne(
  { plan, services, contextOf }: UndoneRun,
  undo: UndoStep,
  { data, output, index }: DoneWork,
  error: ErrorRecord,
): Promise<void> {
  const { timeoutMs, retry } = undo.way === 'items' ? undo.item : undo
  const unit = { name: undo.name, ...(index !== undefined && { index }) }
  const work = prepare(undo.work, services)
  return attemptUntilDone({
    what: `Undo of step '${undo.of}' of process '${plan.name}'`,
    retry,
    timeoutMs,
    seed: undo.name,
    clock: foregroundClock,
    signal: NEVER,
    work: async (attempt, execution) => {
      const context = { ...contextOf(unit, data, attempt), signal: execution.signal }
      await work({ ...context, output, error, reason: reasonOf(error) } as unknown as StepContext)
    },
    giveUp: failure => failure as Error,
  })
}
