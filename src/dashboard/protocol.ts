import type { ProcessInfo } from '../record/info.ts'
import type { ErrorRecord, LogEntry, ProcessStatus, Progress, StepKind, StepStatus } from '../record/record.ts'
import type { HostState } from '../record/host.ts'

/** What server and page tell each other. Times are epoch milliseconds, except in a `ProcessInfo`. */

/** A process as a row of the list. */
export interface Row {
  readonly pid: string
  readonly name: string
  readonly version: string
  readonly status: ProcessStatus
  readonly createdAt: number
  readonly startedAt?: number
  readonly at: number
  readonly revision: number
  /** The step it is in, or failed in. */
  readonly step?: string
  /** Steps that are over, and all. */
  readonly done: number
  readonly total: number
  readonly progress?: Progress
  readonly labels?: Readonly<Record<string, string>>
  readonly key?: string
  readonly host?: string
  /** The pid of the process that this one is a step of. */
  readonly parent?: string
  readonly error?: string
}

export interface HostRow {
  readonly id: string
  readonly osPid: number
  readonly hostname: string
  readonly startedAt: number
  readonly state: HostState
}

export const ACTIONS = ['proceed', 'cancel', 'fork', 'delete', 'submit'] as const
export type Action = (typeof ACTIONS)[number]

/** How the server stands to its store. */
export interface StoreState {
  readonly location: string
  /** What this page may do. */
  readonly actions: readonly Action[]
  /** All that there was at the beginning has been told. */
  readonly loaded: boolean
  readonly missing: boolean
  /** Older processes than the rows that are told are left out: there are too many. */
  readonly capped: boolean
  /** Why the store cannot be read. */
  readonly problem?: string
  /** Journals that cannot be read. */
  readonly corrupt: readonly { readonly pid: string; readonly message: string }[]
  /** Names of the definitions that hosts of this store know or knew. */
  readonly definitions: readonly string[]
}

/** Messages of `api/events`. `rows` with `fresh` replaces all that was told before. */
export interface ListEvents {
  readonly state: StoreState
  readonly rows: { readonly fresh?: true; readonly changed: readonly Row[]; readonly gone: readonly string[] }
  readonly hosts: readonly HostRow[]
}

/** One record of a journal, without its data. */
export interface Entry {
  readonly revision: number
  readonly at: number
  readonly status: ProcessStatus
  readonly event: { readonly type: string; readonly step?: string }
  /** Steps that this record changed. */
  readonly steps: readonly { readonly name: string; readonly status: StepStatus; readonly attempt: number; readonly error?: ErrorRecord }[]
}

/** `input` and `output` are left out: `api/processes/<pid>` has them. */
export type LiveInfo = Omit<ProcessInfo, 'input' | 'output'>

/** Messages of `api/processes/<pid>/events`. `entries` with `fresh` replaces all that was told before, and so does `logs`. */
export interface ProcessEvents {
  readonly info: LiveInfo
  /** The chart of its definition; `null` if the store has none. */
  readonly chart: unknown
  readonly entries: { readonly fresh?: true; readonly entries: readonly Entry[] }
  readonly logs: { readonly fresh?: true; readonly logs: readonly LogEntry[] }
  /** There is no such process, or no longer. */
  readonly gone: { readonly message: string }
}

export type { ErrorRecord, LogEntry, ProcessInfo, ProcessStatus, Progress, StepKind, StepStatus }
