import type { StreamPart } from '../client/read-stream.ts'
import type { MemoryInfo } from '../record/memory-info.ts'
import type { ProcessInfo } from '../record/info.ts'
import type { ErrorRecord, LogEntry, ProcessStatus, Progress, StepKind, StepStatus } from '../record/record.ts'
import type { HostState } from '../record/host.ts'

/**
 * The messages between server and page. Times are epoch milliseconds, except in a `ProcessInfo`.
 */

/** A row of the list. */
export interface Row {
  readonly pid: string
  readonly name: string
  readonly version: string
  readonly status: ProcessStatus
  readonly createdAt: number
  readonly startedAt?: number
  readonly at: number
  readonly revision: number
  /** The current step, or the step that failed. */
  readonly step?: string
  /** How many steps are over, and how many there are. */
  readonly done: number
  readonly total: number
  readonly progress?: Progress
  readonly labels?: Readonly<Record<string, string>>
  readonly key?: string
  readonly host?: string
  /** The pid of the process that this one is a step of. */
  readonly parent?: string
  /** The pid of the failed process that this one tries again. */
  readonly retryOf?: string
  readonly error?: string
}

export interface HostRow {
  readonly id: string
  readonly osPid: number
  readonly hostname: string
  readonly startedAt: number
  readonly state: HostState
}

export const ACTIONS = ['retry', 'proceed', 'cancel', 'fork', 'delete', 'submit'] as const
export type Action = (typeof ACTIONS)[number]

/** The state of the store, and what the page may do with it. */
export interface StoreState {
  readonly location: string
  /** The actions that this page offers. */
  readonly actions: readonly Action[]
  /** Whether all processes have been sent. */
  readonly loaded: boolean
  readonly missing: boolean
  /** Whether the oldest processes are left out, because there are too many. */
  readonly capped: boolean
  /** The reason why the store cannot be read. */
  readonly problem?: string
  /** Journals that cannot be read. */
  readonly corrupt: readonly { readonly pid: string; readonly message: string }[]
  /** Names of the definitions that hosts of this store know or knew. */
  readonly definitions: readonly string[]
}

/** The events of `api/events`. `rows` with `fresh` replaces all rows sent before. */
export interface ListEvents {
  readonly state: StoreState
  readonly rows: { readonly fresh?: true; readonly changed: readonly Row[]; readonly gone: readonly string[] }
  readonly hosts: readonly HostRow[]
}

/** A transition in a journal, without its data. */
export interface Entry {
  readonly revision: number
  readonly at: number
  readonly status: ProcessStatus
  readonly event: { readonly type: string; readonly step?: string }
  /** The steps that it has changed. */
  readonly steps: readonly {
    readonly name: string
    readonly status: StepStatus
    readonly attempt: number
    readonly error?: ErrorRecord
  }[]
}

/**
 * A `ProcessInfo` without input, output and the context of a machine, which `api/processes/<pid>`
 * has.
 */
export type LiveInfo = Omit<ProcessInfo, 'input' | 'output'>

/**
 * The events of `api/processes/<pid>/events`. `entries`, `logs`, `stream` and `memories` with
 * `fresh` replace all that was sent before.
 */
export interface ProcessEvents {
  readonly info: LiveInfo
  /** The chart of its definition; `null` if the store has none. */
  readonly chart: unknown
  readonly entries: { readonly fresh?: true; readonly entries: readonly Entry[] }
  readonly logs: { readonly fresh?: true; readonly logs: readonly LogEntry[] }
  /** What its steps write, with the resets: the page drops what these are about. */
  readonly stream: { readonly fresh?: true; readonly parts: readonly StreamPart[] }
  /** What its steps remember. */
  readonly memories: { readonly fresh?: true; readonly memories: readonly MemoryInfo[] }
  /** The process does not exist, or no longer. */
  readonly gone: { readonly message: string }
}

export type {
  ErrorRecord,
  LogEntry,
  MemoryInfo,
  ProcessInfo,
  ProcessStatus,
  Progress,
  StepKind,
  StepStatus,
  StreamPart,
}
