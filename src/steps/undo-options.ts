import type { Duration } from '../record/duration.ts'
import type { ErrorRecord, UndoReason } from '../record/record.ts'
import type { WorkOptions } from './work-options.ts'
import type { StepContext, Work } from './work.ts'

/** What an undo receives: one object, new for each attempt. */
export interface UndoContext<Output = unknown, Data = unknown, Services = {}, Input = unknown> extends Omit<
  StepContext<Data, Services, Input>,
  'output' | 'waitFor' | 'sleep' | 'start'
> {
  /** What the step returned. `undefined` if it has not finished: see `onFailure`. */
  readonly output: Output
  /** Why the process does not finish, as the process has recorded it. */
  readonly error: ErrorRecord
  /** How the process will end. */
  readonly reason: UndoReason
}

/** An undo with options. */
export interface UndoSpec<
  Output = any,
  C extends StepContext<any, any, any> = StepContext<any, any, any>,
  OnFailure extends boolean = boolean,
> extends Omit<WorkOptions, 'timeout'> {
  /** Undoes what the step did. */
  run: Work<UndoContext<OnFailure extends true ? Output | undefined : Output, C['data'], C['services'], C['input']>>
  /** How long one attempt may take. Default '10m'. */
  timeout?: Duration | undefined
  /**
   * Undo the step also if it has begun and not finished: its work may have been half done. Then
   * `output` is `undefined`. Default false.
   */
  onFailure?: OnFailure | undefined
}

/** The option of steps that can be undone. `Output` is what their work returns. */
export interface UndoOption<Output, C extends StepContext<any, any, any>, OnFailure extends boolean = boolean> {
  /**
   * Undoes what the step did, if the process fails, times out or is cancelled after it: a function,
   * an object spec or a module, or an object with that as `run` and options of its own.
   */
  undo?: Work<UndoContext<Output, C['data'], C['services'], C['input']>> | UndoSpec<Output, C, OnFailure> | undefined
}
