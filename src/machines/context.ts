import type {
  ErrorRecord,
  Json,
  Memory,
  Progress,
  RecordEvent,
  StepRecord,
  StepStatus,
  Wait,
} from '../record/record.ts'

/**
 * All that a process knows, as the context of its machine. Time and results come in by events only,
 * so the same events always give the same context. A field that is absent is `undefined`, so that
 * one spread can clear it.
 */
export interface ProcessContext {
  readonly pid: string
  readonly input: Json
  /** The input of the step under way; the output of the process once it has finished. */
  readonly data: Json
  /** Outputs of the branches that have finished while others of their step run, by path. */
  readonly outputs: Readonly<Record<string, Json>> | undefined
  /**
   * The state of the user's machine while a machine step runs; `undefined` until its first record.
   */
  readonly machine: MachineState | undefined
  /** Steps that have begun, by name; branches by path. */
  readonly steps: Readonly<Record<string, StepRecord>>
  /** What caused the newest transition, and when (epoch ms). */
  readonly event: ContextEvent
  readonly at: number
  readonly startedAt: number | undefined
  readonly error: ErrorRecord | undefined
  /** When the process times out, in epoch ms. Set only while the process is `running`. */
  readonly deadline: number | undefined
  /** Timeout left, in ms. Set only while the process is not `running`. */
  readonly remainingMs: number | undefined
  readonly recoveries: number
  /** How many hosts have died in a row during the same step. */
  readonly deaths: number
}

/** What caused a transition, and what its step remembers from then on. */
export interface ContextEvent extends RecordEvent {
  readonly memory?: readonly Memory[]
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

/** What a host needs to continue a user's machine. */
export interface MachineState {
  /** As XState persists it. */
  readonly snapshot: { readonly value: Json; readonly children?: Readonly<Record<string, Json>> }
  readonly timers: readonly MachineTimer[]
  /** The types of the events for which its state has a transition, whatever the guards say. */
  readonly events?: readonly string[]
  /**
   * Where its context, and the contexts of its actors, have the value `undefined`, which JSON has
   * not: the keys that lead there from the snapshot.
   */
  readonly undefineds?: readonly (readonly string[])[]
  /** Of its step actors; absent: none has begun. */
  readonly visits?: Visits
}

/** Each time that a step actor of a machine begins is a visit, and has a number, counted from 1. */
export interface Visits {
  readonly begun: number
  /** The numbers of those that have not ended, by the path of the actor. */
  readonly open: Readonly<Record<string, number>>
}

/** A delayed event of a user's machine. An actor is identified by the ids on the way to it. */
export interface MachineTimer {
  readonly source: readonly string[]
  readonly target: readonly string[]
  readonly event: Json
  /** When it is due. Epoch milliseconds. */
  readonly at: number
  readonly id: string
}

/** An event that carries out a client's command brings the id of the command into the record. */
export interface Commanded {
  readonly command?: string | undefined
}

/** What a record says of the event that caused it. */
export const caused = (type: string, { command }: Commanded, step?: string): RecordEvent => ({
  type,
  ...(step !== undefined && { step }),
  ...(command !== undefined && { command }),
})

/**
 * The events a host sends. Results of attempts and timers arrive as XState's own done and error
 * events.
 */
export type ProcessEvent =
  | { readonly type: 'START'; readonly at: number }
  /** With the name of what the step waits for within its work; without one, a pause is over. */
  | ({ readonly type: 'PROCEED'; readonly at: number; readonly data?: Json; readonly name?: string } & Commanded)
  /** A step that waits within its work begins anew, without an answer. */
  | { readonly type: 'RESUME'; readonly at: number }
  | ({ readonly type: 'CANCEL'; readonly at: number; readonly reason?: string | undefined } & Commanded)
  | ({
      readonly type: 'CHANGE'
      readonly at: number
      readonly step: string
      readonly machine: MachineState
      readonly state: Json
    } & Commanded)
  /** A submission cannot begin: its input is invalid, for example. */
  | { readonly type: 'REFUSE'; readonly at: number; readonly error: ErrorRecord }
  | {
      readonly type: 'RECOVER'
      readonly at: number
      /** The last host released the process, so it did not die. */
      readonly released: boolean
      /** End the process in `error` instead of continuing it. */
      readonly fail: boolean
      readonly maxRecoveries: number
    }

/** What an invoked actor is given to answer with. Answers after its end are dropped. */
export interface Answer {
  resolve(output: unknown): void
  reject(error: unknown): void
}

/**
 * Begins the work of an invoked actor, which answers once. Returns what to do when the actor is
 * stopped before it has.
 */
export type Begin<Input> = (input: Input, answer: Answer) => () => void

/**
 * What an attempt is invoked with. Its data stays in the context: XState would write inputs into
 * every snapshot.
 */
export interface AttemptInput {
  readonly pid: string
  readonly step: string
  readonly attempt: number
}

/**
 * What of a step is attempted. An each step has two parts: its list is made, then its items are
 * worked through, or their processes are waited for.
 */
export type AttemptPart = 'attempt' | 'items' | 'children'

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
  /** It was given up: the step begins anew once one of them is answered. */
  | { readonly waits: readonly Wait[] }
)

/** What an attempt rejects with. */
export interface AttemptFailure {
  readonly at: number
  readonly error: ErrorRecord
  readonly retryable: boolean
  /** The wait that the step asked for (`RetryError`), in ms. It overrides the policy. */
  readonly afterMs?: number | undefined
  readonly progress?: Progress | undefined
}

export interface TimerInput {
  /**
   * Epoch milliseconds; absent: never. Persisted by XState, so that a restored timer keeps its time.
   */
  readonly at?: number
  /**
   * The time is a date that the user gave, and not the end of a duration: a clock that is set moves
   * it.
   */
  readonly isDate?: true
}

const ENDED: ReadonlySet<StepStatus> = new Set(['finished', 'skipped', 'error', 'timeout', 'cancelled'])

/**
 * The steps, where every open one (or every open one for which `which` is true) has ended with this
 * status.
 */
export function endOpenSteps(
  context: ProcessContext,
  status: StepStatus,
  at: number,
  which: (name: string) => boolean = () => true,
): ProcessContext['steps'] {
  const ended = Object.entries(context.steps).map(([name, { until: _, waits: __, ...step }]) => {
    const open = !ENDED.has(step.status) && which(name)
    return [name, open ? { ...step, status, endedAt: at } : step] as const
  })
  return Object.fromEntries(ended)
}

/** On entering `running`: what is left of the timeout becomes a point in time. */
export const startClock = (
  { deadline, remainingMs }: ProcessContext,
  at: number,
): Pick<ProcessContext, 'deadline' | 'remainingMs'> =>
  remainingMs === undefined ? { deadline, remainingMs } : { deadline: at + remainingMs, remainingMs: undefined }

/** On leaving `running`: the point in time becomes what is left of the timeout. */
export const stopClock = (
  { deadline, remainingMs }: ProcessContext,
  at: number,
): Pick<ProcessContext, 'deadline' | 'remainingMs'> =>
  deadline === undefined ? { deadline, remainingMs } : { deadline: undefined, remainingMs: deadline - at }
