import type { AttemptResult } from '../../../machines/context.ts'
import { toJson } from '../../../record/json.ts'
import type { Json, Progress } from '../../../record/record.ts'
import type { PlannedRetry } from '../../../steps/retry.ts'
import type { Execution } from '../../../steps/run/execution.ts'
import type { Remembers } from '../../../steps/run/once-calls.ts'
import type { StepContext } from '../../../steps/work.ts'
import type { Attempts } from '../attempts.ts'
import type { StoredMemory } from '../stored-memory.ts'
import type { StreamWriter, Workplace } from '../workplace.ts'

/** What an attempt resolves with, without its time and its progress. */
export type Result = DistributiveOmit<AttemptResult, 'at' | 'progress'>

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** An attempt, as the kind of its step sees it. */
export interface AttemptUnderWay {
  readonly process: Workplace
  readonly execution: Execution
  /** What the step remembers. */
  readonly memory: StoredMemory
  /** Who remembers it, for messages. */
  readonly remembers: Remembers
  /** The attempt was told to end. */
  readonly isStopped: boolean
  /**
   * Adds a chunk to the stream.
   * @param run attempts of the item and of the call of `once` that write it, such as '.2.1'
   */
  write(run: string, part: Pick<StreamWriter, 'item' | 'once'>, chunk: Json): void
  /** Called when the attempt is told to end, before that is on record. */
  onStop: (() => void) | undefined
  /** How far the work is, for the answer of the attempt. */
  progress: Progress | undefined
  /** Fails at once, though work is under way. No other answer counts after it. */
  fail(error: unknown): void
}

/** All that is special about a kind of step while it is attempted. */
export interface AttemptKind<Step> {
  /**
   * The work, if calling it is all that an attempt at the step does, as at most steps: no promise
   * is made but the user's own.
   */
  plain?(step: Step, attempt: AttemptUnderWay): ((context: StepContext) => unknown) | undefined
  /** All that an attempt at the step does. */
  perform(step: Step, context: StepContext, attempt: AttemptUnderWay): Promise<Result>
  /** It only waits for other processes, which take slots themselves. */
  readonly takesNoSlot?: true
  /** Milliseconds that one attempt may take. Other kinds bound the whole of the step, in the chart. */
  timeoutMs?(step: Step): number | undefined
  /** Settles when it may begin; default: when an earlier attempt at the step that timed out has settled. */
  follows?(attempts: Attempts): Promise<unknown> | undefined
  /** What says whether a failure is worth another attempt. */
  retry?(step: Step): PlannedRetry | undefined
}

/** What work has returned, as the result of its attempt. @throws ERR_NOT_JSON, ERR_RECORD_TOO_LARGE */
export const outputOf = (value: unknown, { process }: AttemptUnderWay): Extract<Result, { output: unknown }> => ({
  output: toJson(value, process.environment.maxRecordBytes),
})
