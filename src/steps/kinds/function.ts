import { checkOptions, checkSchema } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import type { StandardSchemaV1 } from '../../record/standard-schema.ts'
import { checkWhen, checkWork, WORK_CHECKS } from '../check-work.ts'
import type { WhenOption } from '../step-options.ts'
import type { UndoOption } from '../undo-options.ts'
import type { IsolateMode, WorkOptions } from '../work-options.ts'
import { prepare } from '../prepare-work.ts'
import type { PlannedRetry } from '../retry.ts'
import type { StepContext, UserFunction, Work } from '../work.ts'
import type { Kind } from './kind.ts'
import { planUndo, type UndoStep } from './undo.ts'

/** Options of `.step()`. */
export interface StepOptions<
  Data = any,
  Services = any,
  Input = any,
  Pause = boolean | StandardSchemaV1,
  When extends boolean = boolean,
  Outputs = any,
  Output = any,
  OnFailure extends boolean = boolean,
>
  extends
    WorkOptions,
    WhenOption<StepContext<Data, Services, Input, Outputs>, When>,
    UndoOption<Output, StepContext<Data, Services, Input>, OnFailure> {
  /**
   * Pause after the step until somebody calls `proceed`. A schema checks the data that `proceed`
   * brings.
   */
  interrupt?: Pause
}

export interface FunctionStep {
  readonly kind: 'step'
  /** Of a branch of a parallel step: its path, `publish.search`. */
  readonly name: string
  readonly work: Work
  readonly when?: UserFunction
  /** Of one attempt. */
  readonly timeoutMs?: number
  readonly retry?: PlannedRetry
  /** The work is a module then. */
  readonly isolate?: IsolateMode
  /** Pause after the step; a schema checks what `proceed` brings. */
  readonly interrupt?: true | StandardSchemaV1
  readonly undo?: UndoStep
}

const checkInterrupt = (value: unknown, what: string): FunctionStep['interrupt'] | undefined =>
  value === false ? undefined : value === true || checkSchema(value, what)

export const functionKind: Kind<FunctionStep> = {
  plan(name, work, options = {}) {
    const what = `step '${name}'`
    const { timeout, ...checked } = checkOptions(options, what, {
      ...WORK_CHECKS,
      when: checkWhen,
      interrupt: checkInterrupt,
      undo: given => planUndo(name, given, what),
    })
    return {
      kind: 'step',
      name,
      work: checkWork(work, what, checked.isolate),
      ...defined({ ...checked, timeoutMs: timeout }),
    }
  },
  begins: ({ work }, services) => prepare(work, services),
  waitsFor: ({ interrupt }) => interrupt && 'proceed()',
}
