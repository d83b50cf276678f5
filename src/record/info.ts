import type { ErrorRecord, Json, ProcessRecord, ProcessStatus, Progress, StepKind, StepStatus } from './record.ts'
import { isFinal } from './record.ts'
import type { Host, HostState, StoredProcess } from './host.ts'

/** What is known of one step of a process. Times are ISO 8601. */
export interface ProcessStepInfo {
  readonly name: string
  readonly kind: StepKind
  readonly status: StepStatus
  /** Attempts begun so far; 0 before the first. */
  readonly attempt: number
  readonly startedAt?: string
  readonly endedAt?: string
  /** When a waiting, sleeping or interrupted step goes on (or times out) by itself. */
  readonly until?: string
  readonly progress?: Progress
  /** The newest failure of this step; earlier ones are in the history. */
  readonly error?: ErrorRecord
  /** The pid of the process that a process step has started. */
  readonly child?: string
  /** The state of a machine step's machine: a name, or an object of names within names. */
  readonly state?: unknown
}

/** A process as anyone may see it: also the JSON of `stepwright show --json`. Times are ISO 8601. */
export interface ProcessInfo {
  readonly pid: string
  readonly name: string
  /** Empty until a worker has taken what a client submitted. */
  readonly version: string
  readonly status: ProcessStatus
  readonly createdAt: string
  readonly startedAt?: string
  readonly updatedAt: string
  readonly endedAt?: string
  /** When the process times out, while its clock runs. */
  readonly deadline?: string
  readonly input: unknown
  /** The last step's output once finished; the paused step's while interrupted. */
  readonly output?: unknown
  readonly error?: ErrorRecord
  readonly steps: readonly ProcessStepInfo[]
  readonly key?: string
  readonly labels?: Readonly<Record<string, string>>
  /** The process and the step that have started this one. */
  readonly parent?: { readonly pid: string; readonly step: string }
  /** The process it began from, and the step of it that it began with. */
  readonly forkedFrom?: { readonly pid: string; readonly step: string }
  /** How often a host died while one of its steps was under way. */
  readonly recoveries: number
  /** Grows with every record; orders them. */
  readonly revision: number
  readonly host?: { readonly id: string; readonly osPid: number; readonly hostname: string; readonly state: HostState }
}

/** One record of a journal: the process as it was then, and what made it so. */
export interface HistoryEntry extends ProcessInfo {
  /** `command` is the id of a client's command. */
  readonly event: { readonly type: string; readonly step?: string; readonly command?: string }
  readonly snapshot: unknown
}

const iso = (ms: number): string => new Date(ms).toISOString()

function stepInfo(record: ProcessRecord, { name, kind }: { name: string; kind: StepKind }): ProcessStepInfo {
  const step = Object.hasOwn(record.steps, name) ? record.steps[name] : undefined
  if (step === undefined) return { name, kind, status: 'pending', attempt: 0 }
  const progress = record.progress && Object.hasOwn(record.progress, name) ? record.progress[name] : step.progress
  return {
    name,
    kind,
    status: step.status,
    attempt: step.attempt,
    ...(step.startedAt !== undefined && { startedAt: iso(step.startedAt) }),
    ...(step.endedAt !== undefined && { endedAt: iso(step.endedAt) }),
    ...(step.until !== undefined && { until: iso(step.until) }),
    ...(progress !== undefined && { progress }),
    ...(step.error !== undefined && { error: step.error }),
    ...(step.child !== undefined && { child: step.child }),
    ...(step.state !== undefined && { state: step.state }),
  }
}

const dataOf = (record: ProcessRecord): Json => (record.data === undefined ? record.input : record.data)

const hostInfo = ({ id, osPid, hostname, state }: Host): NonNullable<ProcessInfo['host']> => ({ id, osPid, hostname, state })

export function toInfo({ record, host }: StoredProcess): ProcessInfo {
  const { status } = record
  return {
    pid: record.pid,
    name: record.name,
    version: record.version,
    status,
    createdAt: iso(record.createdAt),
    ...(record.startedAt !== undefined && { startedAt: iso(record.startedAt) }),
    updatedAt: iso(record.at),
    ...(isFinal(status) && { endedAt: iso(record.at) }),
    ...(record.deadline !== undefined && { deadline: iso(record.deadline) }),
    input: record.input,
    ...((status === 'finished' || status === 'interrupted') && { output: dataOf(record) }),
    ...(record.error !== undefined && { error: record.error }),
    steps: record.outline.map(step => stepInfo(record, step)),
    ...(record.key !== undefined && { key: record.key }),
    ...(record.labels !== undefined && { labels: record.labels }),
    ...(record.forkedFrom !== undefined && { forkedFrom: record.forkedFrom }),
    ...(record.parent !== undefined && { parent: record.parent }),
    recoveries: record.recoveries,
    revision: record.revision,
    ...(host !== undefined && { host: hostInfo(host) }),
  }
}

export function toHistoryEntry(record: ProcessRecord): HistoryEntry {
  return { ...toInfo({ record }), event: record.event, snapshot: record.snapshot }
}
