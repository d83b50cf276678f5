import type { LimitRecord } from './limit.ts'

/** A JSON value: what a step may receive and return. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * The four ways in which a process ends. A record with such a status is the last of its journal.
 */
export const FINAL_STATUSES = ['finished', 'error', 'timeout', 'cancelled'] as const
/** A status in which a process has ended. */
export type FinalStatus = (typeof FINAL_STATUSES)[number]
/**
 * What a process does: it waits for a slot or a worker (`pending`), runs, waits for a time
 * (`sleeping`), waits for `proceed` (`interrupted`), or undoes its steps before it ends otherwise
 * than by finishing (`undoing`); or it has ended.
 */
export type ProcessStatus = 'pending' | 'running' | 'sleeping' | 'interrupted' | 'undoing' | FinalStatus
/** The statuses of a process that has not ended. */
export const LIVE_STATUSES: readonly ProcessStatus[] = ['pending', 'running', 'sleeping', 'interrupted', 'undoing']
/** Why the steps of a process are undone: it ends in this status then, as it would have without. */
export type UndoReason = Exclude<FinalStatus, 'finished'>
/** All statuses of a process, final ones last. */
export const PROCESS_STATUSES: readonly ProcessStatus[] = [...LIVE_STATUSES, ...FINAL_STATUSES]
/** How many processes there are of each status. */
export type StatusCounts = Readonly<Record<ProcessStatus, number>>
/** How many processes of a name have a status, and the pid of the oldest of them. */
export interface NameCount {
  readonly name: string
  readonly status: ProcessStatus
  readonly count: number
  readonly oldest: string
}
/**
 * What a step does. `waiting`: an attempt failed, and the next one begins later. `skipped`: its
 * `when` returned false.
 */
export type StepStatus = 'pending' | 'running' | 'waiting' | 'sleeping' | 'interrupted' | 'skipped' | FinalStatus
/** What a step is, by the name of the method that adds it. */
export type StepKind = 'step' | 'interrupt' | 'sleep' | 'parallel' | 'each' | 'process' | 'machine'

export const noCounts = (): Record<ProcessStatus, number> => ({
  pending: 0,
  running: 0,
  sleeping: 0,
  interrupted: 0,
  undoing: 0,
  finished: 0,
  error: 0,
  timeout: 0,
  cancelled: 0,
})

export const isFinal = (status: ProcessStatus): status is FinalStatus =>
  (FINAL_STATUSES as readonly string[]).includes(status)

/** Whether no step begins any more. */
export const isEnding = (status: ProcessStatus): boolean => status === 'undoing' || isFinal(status)

/** An error as JSON, with everything that `JSON.stringify(new Error())` would lose. */
export interface ErrorRecord {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: string | number
  readonly cause?: ErrorRecord
  /** Where the process failed: the name of a step, or the path of a branch. */
  readonly step?: string
  readonly attempt?: number
  /** Of `ERR_UNDO_FAILED`: the steps that could not be undone. `cause` is why the process failed. */
  readonly undos?: readonly string[]
}

/** What a step last reported with `progress(value, total, message)`. */
export interface Progress {
  readonly value: number
  readonly total?: number
  readonly message?: string
}

/** One entry of the log of a process. */
export interface LogEntry {
  /** Epoch milliseconds. */
  readonly at: number
  readonly step: string
  readonly attempt: number
  readonly message: string
  readonly fields?: Json
}

/**
 * What a piece of work wrote to the stream of its process: chunks in a row, or the news that it
 * begins anew. The work is a step; within it an item of an each step, or what `once` does.
 */
export interface StreamEntry {
  /** Of the first chunk. Offsets count up within a process; a reset has one too. */
  readonly offset: number
  readonly step: string
  /** Of the step. */
  readonly attempt: number
  /** The index of the item, or the number of the visit of a step actor. */
  readonly item?: number
  /** The name that was given to `once`. */
  readonly once?: string
  /** What the same work wrote before does not count any more. */
  readonly reset?: true
  readonly chunks?: readonly Json[]
}

/** What a process has beside its journal: entries, newest last, limited in size. */
export interface Trails {
  readonly log: LogEntry
  readonly stream: StreamEntry
}

/** All that a process has beside its journal. */
export type TrailEntries = { readonly [T in keyof Trails]: readonly Trails[T][] }

/** What a step waits for with `waitFor` or `sleep`. Times are epoch milliseconds. */
export interface Wait {
  readonly name: string
  /** When the step first waited for it. */
  readonly since: number
  /** When it times out, or, of a sleep, ends. */
  readonly until?: number
  /** A sleep ends by its time alone. */
  readonly isSleep?: true
  /** `until` is a date that the user gave: a clock that is set moves it. */
  readonly isDate?: true
  /** The step has a schema for the answer. */
  readonly isChecked?: true
  /** The schema as JSON Schema, if its library gives it and it is small. */
  readonly schema?: Json
}

/** One step of a process, once it has begun. Times are epoch milliseconds. */
export interface StepRecord {
  readonly status: StepStatus
  /** Attempts begun. */
  readonly attempt: number
  /** Attempts that failed; a death of the host is none. */
  readonly failures?: number
  readonly startedAt?: number
  readonly endedAt?: number
  /** When a waiting, sleeping or interrupted step goes on (or times out) by itself. */
  readonly until?: number
  /** What it waits for and has no answer to. While it runs: what it waited for before. */
  readonly waits?: readonly Wait[]
  readonly progress?: Progress
  readonly error?: ErrorRecord
  /** The process that a process step has started. */
  readonly child?: string
  /** How many processes an each step starts, one for each item. */
  readonly children?: number
  /** The state value of a machine step's machine: a name, or names within names. */
  readonly state?: Json
}

/** What caused a record: a transition of the machine, or a progress report. */
export interface RecordEvent {
  readonly type: string
  readonly step?: string
  /** The wait of the step that was answered. */
  readonly name?: string
  /** The id of the client's command that caused it: none is applied twice. */
  readonly command?: string
}

/** The XState part of a record that its other fields do not say already. Opaque to the store. */
export interface MachineSnapshot {
  /** The states the process is in; within a machine step, also those of its machine. */
  readonly value: Json
  /** Timers, whose input is an absolute time. Attempts are left out: `RECOVER` begins a new one. */
  readonly children?: Readonly<Record<string, Json>>
  /** The machine of the machine step that runs, as XState persists it, and its delayed events. */
  readonly machine?: Json
}

/** What a fork inherits from the journal of another process, whose own may be deleted before. */
export interface Inherited {
  /** Outputs of the steps that had ended. */
  readonly outputs: Readonly<Record<string, Json>>
  /** What the step with which it begins remembers, and what its branches do. */
  readonly memory: Readonly<Record<string, readonly Memory[]>>
  /** What the steps were given that it undoes. */
  readonly data?: Readonly<Record<string, Json>>
}

/**
 * What tracing passes on, as the headers of a request: `traceparent`, `tracestate`, or what else
 * the propagation of the application uses.
 */
export type Trace = Readonly<Record<string, string>>

/** What never changes about a process: written once, on its journal's first line. */
export interface ProcessIdentity {
  readonly version: string
  /**
   * A hash of the chart's shape; empty, as the version, until a host has taken what a client
   * submitted.
   */
  readonly shape: string
  readonly createdAt: number
  readonly input: Json
  readonly key?: string
  readonly labels?: Readonly<Record<string, string>>
  /** The process and the step that have started this one. */
  readonly parent?: { readonly pid: string; readonly step: string }
  /** The process whose snapshot this one began from, and the step that then began. */
  readonly forkedFrom?: { readonly pid: string; readonly step: string }
  /** What a fork knows of the process it began from. */
  readonly inherited?: Inherited
  /** The process that failed and that this one tries again. */
  readonly retryOf?: string
  /** It does not begin before this time. Epoch milliseconds. */
  readonly startsAt?: number
  /** From -100 to 100: of those that wait, the highest begins first. Absent: 0. */
  readonly priority?: number
  /** Of a definition with limits: the process begins once it has a place in each. */
  readonly limits?: readonly LimitRecord[]
  /** Of whoever started the process, if that was traced. */
  readonly trace?: Trace
  /**
   * Every step of the definition in order, each followed by its branches (`publish.search`) and its
   * undo (`charge.undo`), so that readers need no code.
   */
  readonly outline: readonly { readonly name: string; readonly kind: StepKind | 'undo' }[]
}

/**
 * What a client submitted and no host has completed yet: nothing is known of it but name, input,
 * key and labels.
 */
export const isSubmission = ({ shape }: Pick<ProcessIdentity, 'shape'>): boolean => shape === ''

/** The part of a record that never changes. */
export function identityOf({
  version,
  shape,
  createdAt,
  input,
  key,
  labels,
  parent,
  forkedFrom,
  inherited,
  retryOf,
  startsAt,
  priority,
  limits,
  trace,
  outline,
}: ProcessIdentity): ProcessIdentity {
  return {
    version,
    shape,
    createdAt,
    input,
    outline,
    ...(key !== undefined && { key }),
    ...(labels !== undefined && { labels }),
    ...(parent !== undefined && { parent }),
    ...(forkedFrom !== undefined && { forkedFrom }),
    ...(inherited !== undefined && { inherited }),
    ...(retryOf !== undefined && { retryOf }),
    ...(startsAt !== undefined && { startsAt }),
    ...(priority !== undefined && { priority }),
    ...(limits !== undefined && { limits }),
    ...(trace !== undefined && { trace }),
  }
}

/** The part of a record that its newest transition has written. */
export function transitionOf(record: ProcessRecord): Transition {
  const {
    version: _version,
    shape: _shape,
    createdAt: _createdAt,
    input: _input,
    outline: _outline,
    key: _key,
    labels: _labels,
    parent: _parent,
    forkedFrom: _forkedFrom,
    inherited: _inherited,
    retryOf: _retryOf,
    trace: _trace,
    progress: _progress,
    ...transition
  } = record
  const { pid, name, status, revision, at, event, ...rest } = transition
  // Whoever looks for the head of a line reads its beginning.
  return { pid, name, status, revision, at, event, ...rest }
}

/** What every line of a journal has. */
export interface LineHead {
  readonly pid: string
  readonly name: string
  readonly status: ProcessStatus
  /** Counts the lines of a journal from 1. Orders records; time never does. */
  readonly revision: number
  /** Epoch milliseconds. */
  readonly at: number
  readonly event: RecordEvent
  /**
   * How often the process has been adopted; absent: never. Every line says in which of these times
   * it was written: a host whose process was taken away, and even given back, cannot go on with
   * what it had.
   */
  readonly epoch?: number
}

export const epochOf = ({ epoch = 0 }: { readonly epoch?: number | undefined }): number => epoch

/** What a transition writes. */
export interface Transition extends LineHead {
  /** Steps that have begun, by name. */
  readonly steps: Readonly<Record<string, StepRecord>>
  /**
   * The input of the step that runs; the output once the process has finished. Absent: still the
   * process's input.
   */
  readonly data?: Json
  /** Of the branches that have finished, while their step runs. */
  readonly outputs?: Readonly<Record<string, Json>>
  readonly error?: ErrorRecord
  readonly startedAt?: number
  /** When the process times out, while it runs. Epoch milliseconds. */
  readonly deadline?: number
  /** Milliseconds left of the process's timeout, while its clock stands. */
  readonly remainingMs?: number
  /** How often a host died while a step of this process was under way. */
  readonly recoveries: number
  /** Deaths in a row during the same step. */
  readonly deaths?: number
  readonly snapshot: MachineSnapshot
  /** What the step `event.step` remembers from now on: the answer to what it waited for. */
  readonly memory?: readonly Memory[]
  /**
   * Of the newest attempt at each step that has not ended, or else of the newest attempt, where they
   * were traced.
   */
  readonly traces?: Readonly<Record<string, Trace>>
  /**
   * Since a host went on with another version of the definition: what the first line says of it no
   * longer holds.
   */
  readonly definition?: Pick<ProcessIdentity, 'version' | 'shape' | 'outline'>
}

/**
 * A transition that says only what has changed since the one before: `steps`, `outputs` and
 * `snapshot` hold the changed parts, at every depth, and what is absent is as it was.
 */
export interface PartialTransition extends LineHead, Omit<Partial<Transition>, keyof LineHead | 'steps' | 'snapshot'> {
  /** How many lines back the newest whole transition is. */
  readonly back: number
  readonly steps?: Readonly<Record<string, Partial<StepRecord>>>
  readonly snapshot?: Partial<MachineSnapshot>
  /**
   * The keys that lead to what is gone. If something stands there, it has taken the place of what
   * was, and is not merged with it.
   */
  readonly gone?: readonly (readonly string[])[]
  /** What was added at the end of lists, by the keys that lead to them. */
  readonly more?: readonly (readonly [path: readonly string[], items: readonly unknown[]])[]
}

/**
 * What a step remembers: a name, the output, and how long that took in milliseconds. A finished
 * item of an each step is `#<index>`, one that failed `#<index>!` with its error as the output, and
 * what `once` remembers in it `#<index>:<name>`. The answer to what `waitFor` or `sleep` waits for is
 * `?<name>`: see `Answered`.
 */
export type Memory = readonly [name: string, output: Json, ms?: number]

/** What has become of a wait, as its step remembers it. Nothing in it: it was over, without data. */
export interface Answered {
  readonly data?: Json
  readonly timedOut?: true
}

/** A report of progress: no transition, cannot be restored. */
export interface ProgressLine extends LineHead {
  readonly progress: Readonly<Record<string, Progress>>
}

/** What the step `event.step` remembers from now on: no transition, cannot be restored. */
export interface MemoryLine extends LineHead {
  readonly memory: readonly Memory[]
  readonly progress?: Readonly<Record<string, Progress>>
}

/** Lines after the first. */
export type JournalLine = Transition | PartialTransition | ProgressLine | MemoryLine

/**
 * The document that describes one process: identity, newest transition, and the progress reported
 * since.
 */
export type ProcessRecord = ProcessIdentity &
  Transition & {
    readonly progress?: Readonly<Record<string, Progress>>
    /** Of the newest line alone: who needs all of it reads the history. */
    readonly memory?: readonly Memory[]
  }

/** The step that a process is at; `undefined` if it has not begun, or has ended. */
export const stepAt = (steps: ProcessRecord['steps']): string | undefined =>
  Object.keys(steps).find(name => steps[name]?.endedAt === undefined && steps[name]?.status !== 'pending')

/** How a process with this error ends. Whatever a step throws has the name of the step. */
export const reasonOf = ({ step, code }: ErrorRecord): UndoReason => {
  if (step !== undefined) return 'error'
  return code === 'ERR_CANCELLED' ? 'cancelled' : code === 'ERR_PROCESS_TIMEOUT' ? 'timeout' : 'error'
}
