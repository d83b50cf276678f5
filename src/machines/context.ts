import type { ErrorRecord, Json, Progress, RecordEvent, StepRecord, StepStatus } from '../record/record.ts'

/**
 * All a process knows, as its machine's context. Only events bring time and results into it, so the same machine gives the same
 * answer wherever it runs. Absent is `undefined`, so that one spread can clear a field.
 */
export interface ProcessContext {
  readonly pid: string
  readonly input: Json
  /** The input of the step that runs; at the end the output. */
  readonly data: Json
  /** Of branches that have finished while others of their step run, by path. */
  readonly outputs: Readonly<Record<string, Json>> | undefined
  /** The machine of the machine step that runs, once it has told of itself. */
  readonly machine: MachineState | undefined
  /** Steps that have begun, by name; branches by path. */
  readonly steps: Readonly<Record<string, StepRecord>>
  /** What caused the newest transition, and when (epoch ms). */
  readonly event: RecordEvent
  readonly at: number
  readonly startedAt: number | undefined
  readonly error: ErrorRecord | undefined
  /** When the process times out: set while its clock runs. Epoch ms. */
  readonly deadline: number | undefined
  /** What is left of its timeout: set while its clock stands. */
  readonly remainingMs: number | undefined
  readonly recoveries: number
  /** Deaths of hosts in a row during the same step. */
  readonly deaths: number
}

export interface ProcessMachineInput {
  readonly pid: string
  readonly input: Json
  readonly at: number
  readonly timeoutMs?: number | undefined
}

export function initialContext({ pid, input, at, timeoutMs }: ProcessMachineInput): ProcessContext {
  return {
    pid,
    input,
    data: input,
    outputs: undefined,
    machine: undefined,
    steps: {},
    event: { type: 'CREATE' },
    at,
    startedAt: undefined,
    error: undefined,
    deadline: undefined,
    remainingMs: timeoutMs,
    recoveries: 0,
    deaths: 0,
  }
}

/** What is needed to go on with a user's machine. */
export interface MachineState {
  /** As XState persists it. */
  readonly snapshot: { readonly value: Json; readonly children?: Readonly<Record<string, Json>> }
  readonly timers: readonly MachineTimer[]
}

/** A delayed event. Actors are told by the ids that lead to them. */
export interface MachineTimer {
  readonly source: readonly string[]
  readonly target: readonly string[]
  readonly event: Json
  /** When it is due. Epoch milliseconds. */
  readonly at: number
  readonly id: string
}

/** What a client asked for carries its command's id into the record. */
export interface Commanded {
  readonly command?: string | undefined
}

/** The record's event for one that a host sends. */
export const caused = (type: string, { command }: Commanded, step?: string): RecordEvent => ({
  type,
  ...(step !== undefined && { step }),
  ...(command !== undefined && { command }),
})

/** The events a host sends. Results of attempts and timers arrive as XState's own done and error events. */
export type ProcessEvent =
  | { readonly type: 'START'; readonly at: number }
  | ({ readonly type: 'PROCEED'; readonly at: number; readonly data?: Json } & Commanded)
  | ({ readonly type: 'CANCEL'; readonly at: number; readonly reason?: string | undefined } & Commanded)
  | ({
      readonly type: 'CHANGE'
      readonly at: number
      readonly step: string
      readonly machine: MachineState
      readonly state: Json
    } & Commanded)
  /** What a client submitted cannot begin. */
  | { readonly type: 'REFUSE'; readonly at: number; readonly error: ErrorRecord }
  | {
      readonly type: 'RECOVER'
      readonly at: number
      /** The last host let the process go in order: no death. */
      readonly released: boolean
      /** End it in `error` instead of going on. */
      readonly fail: boolean
      readonly maxRecoveries: number
    }

/** What an invoked actor is given to answer with. Answers after its end are dropped. */
export interface Answer {
  resolve(output: unknown): void
  reject(error: unknown): void
}

/** Begins the work of an invoked actor, which answers once. Returns what to do when the actor is stopped before it has. */
export type Begin<Input> = (input: Input, answer: Answer) => () => void

/** What an attempt is invoked with. Its data stays in the context: XState would write inputs into every snapshot. */
export interface AttemptInput {
  readonly pid: string
  readonly step: string
  readonly attempt: number
}

/** What the run of a user's machine is invoked with; its own input is the process's data. */
export interface MachineInput {
  readonly pid: string
  readonly step: string
}

/** What the wait for a child is invoked with. */
export interface ChildInput {
  readonly pid: string
  readonly step: string
  readonly child: string
}

/** What an attempt resolves with. */
export type AttemptResult = { readonly at: number; readonly progress?: Progress | undefined } & (
  | { readonly output: Json }
  | { readonly skipped: true }
  | { readonly until: number }
)

/** What an attempt rejects with. */
export interface AttemptFailure {
  readonly at: number
  readonly error: ErrorRecord
  readonly retryable: boolean
  /** A wait the step asked for, instead of the policy's. */
  readonly afterMs?: number | undefined
  readonly progress?: Progress | undefined
}

export interface TimerInput {
  /** Epoch milliseconds. Persisted by XState, so that a restored timer keeps its time. */
  readonly at: number
  /** The time was given as such, and is not the end of a duration: it comes when the clock on the wall says so. */
  readonly isDate?: true
}

const ENDED: ReadonlySet<StepStatus> = new Set(['finished', 'skipped', 'error', 'timeout', 'cancelled'])

/** The steps, with those still open given their end: all, or those that `which` says yes to. */
export function endOpenSteps(
  context: ProcessContext,
  status: StepStatus,
  at: number,
  which: (name: string) => boolean = () => true,
): ProcessContext['steps'] {
  const ended = Object.entries(context.steps).map(([name, { until: _, ...step }]) => {
    const open = !ENDED.has(step.status) && which(name)
    return [name, open ? { ...step, status, endedAt: at } : step] as const
  })
  return Object.fromEntries(ended)
}

/** The process's clock runs: its deadline becomes a point in time. */
export const startClock = ({ deadline, remainingMs }: ProcessContext, at: number): Pick<ProcessContext, 'deadline' | 'remainingMs'> =>
  remainingMs === undefined ? { deadline, remainingMs } : { deadline: at + remainingMs, remainingMs: undefined }

/** The process's clock stands: what is left is kept. */
export const stopClock = ({ deadline, remainingMs }: ProcessContext, at: number): Pick<ProcessContext, 'deadline' | 'remainingMs'> =>
  deadline === undefined ? { deadline, remainingMs } : { deadline: undefined, remainingMs: deadline - at }
