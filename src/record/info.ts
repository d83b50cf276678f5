import { memoryInfos, type MemoryInfo } from './memory-info.ts'
import type {
  ErrorRecord,
  Json,
  ProcessRecord,
  ProcessStatus,
  Progress,
  StepKind,
  StepRecord,
  StepStatus,
  Wait,
  Trace,
} from './record.ts'
import { isFinal } from './record.ts'
import { pausedStep } from './wait.ts'
import type { Host, HostState, Misfit, PendingCommand, StoredProcess } from './host.ts'

/** What is known of one step of a process. Times are ISO 8601. */
export interface ProcessStepInfo {
  readonly name: string
  /** Of an undo `undo`. */
  readonly kind: StepKind | 'undo'
  readonly status: StepStatus
  /** Attempts begun so far; 0 before the first. */
  readonly attempt: number
  readonly startedAt?: string
  readonly endedAt?: string
  /** When a waiting or sleeping step continues by itself, or an interrupted one times out. */
  readonly until?: string
  /** What it waits for within its work, while it does. */
  readonly waits?: readonly WaitInfo[]
  readonly progress?: Progress
  /** The newest failure of this step. Earlier failures are in the history. */
  readonly error?: ErrorRecord
  /** The pid of the process that a process step started. */
  readonly child?: string
  /** How many processes an each step starts, one for each item. */
  readonly children?: number
  /** The state value of the machine of a machine step: a name, or an object of nested names. */
  readonly state?: unknown
  /** The machine of a machine step, while it runs. */
  readonly machine?: MachineInfo
}

/** What a step waits for with `waitFor` or `sleep`. Times are ISO 8601. */
export interface WaitInfo {
  readonly name: string
  /** 'answer' is what `proceed` brings. */
  readonly for: 'answer' | 'time'
  readonly since: string
  /** When it times out, or a sleep ends. */
  readonly until?: string
  /** What the answer has to look like, as JSON Schema, if the library of the schema gives it. */
  readonly schema?: unknown
}

/** What is known of a machine that runs. */
export interface MachineInfo {
  /** The state value: a name, or an object of nested names. */
  readonly value: unknown
  /** Left out if it has more than 16 KiB of JSON; the history has it whole. */
  readonly context?: unknown
  /** The types of the events for which its state has a transition, whatever the guards say. */
  readonly events: readonly string[]
}

const MAX_CONTEXT_CHARS = 16_384

/** What is known of a process; also the JSON of `stepwright show --json`. Times are ISO 8601. */
export interface ProcessInfo {
  readonly pid: string
  readonly name: string
  /** The version of its definition. Empty until a worker has taken a submitted process. */
  readonly version: string
  readonly status: ProcessStatus
  readonly createdAt: string
  readonly startedAt?: string
  readonly updatedAt: string
  readonly endedAt?: string
  /** When the process times out, while it is `running`. */
  readonly deadline?: string
  readonly input: unknown
  /**
   * The output of the last step if the process has finished, or of the step after which it is
   * paused.
   */
  readonly output?: unknown
  /** Why the process ended otherwise than by finishing. */
  readonly error?: ErrorRecord
  /** In order, each followed by its branches, and by its undo once that is due. */
  readonly steps: readonly ProcessStepInfo[]
  readonly key?: string
  readonly labels?: Readonly<Record<string, string>>
  /** It does not begin before this time. */
  readonly startsAt?: string
  /** From -100 to 100: of those that wait, the highest begins first. Absent: 0. */
  readonly priority?: number
  /** The process and the step that started this one. */
  readonly parent?: { readonly pid: string; readonly step: string }
  /** The process that this one was forked from, and the step it began with. */
  readonly forkedFrom?: { readonly pid: string; readonly step: string }
  /** The pid of the failed process that this one tries again. */
  readonly retryOf?: string
  /**
   * What tracing knows whoever started it by: `traceparent` and the like, if that was traced.
   */
  readonly trace?: Trace
  /** The pid of the process that tries this one again. Absent in its history. */
  readonly retriedBy?: string
  /** How often a host died while one of its steps was under way. */
  readonly recoveries: number
  /** The number of the newest record, from 1. */
  readonly revision: number
  /**
   * The host that owns the process, as it is at the time of reading. A process that waits for a
   * host, or has ended, has none.
   */
  readonly host?: { readonly id: string; readonly osPid: number; readonly hostname: string; readonly state: HostState }
  /**
   * Why a host that knows the definition left the process alone, while no other host has it: its
   * version, step or state is not there any more, or `migrate` failed.
   */
  readonly misfit?: Misfit
  /** It has not begun, and will not before its definition is resumed. */
  readonly paused?: true
  /** The limit that is full, so that the process has not begun. */
  readonly waitingFor?: { readonly limit: string; readonly key?: string }
  /**
   * What clients asked of the process and waits, oldest first: for a host, or for the step that
   * takes it to begin.
   */
  readonly pendingCommands?: readonly PendingCommandInfo[]
}

/** A command that waits. `at` is ISO 8601. */
export interface PendingCommandInfo extends Omit<PendingCommand, 'at'> {
  readonly at: string
}

/** The process as of one record of its journal, and the event that caused the record. */
export interface HistoryEntry extends ProcessInfo {
  /**
   * `command` is the id of the client's command that caused it, if one did. `name` is the wait that
   * was answered.
   */
  readonly event: {
    readonly type: string
    readonly step?: string
    readonly name?: string
    readonly command?: string
  }
  /** What its step remembers from here on. */
  readonly memory?: readonly MemoryInfo[]
  readonly snapshot: unknown
}

function machineInfo({ snapshot }: ProcessRecord, step: string): MachineInfo | undefined {
  const isRunning =
    snapshot.machine !== undefined && Object.hasOwn((snapshot.value as { running: object }).running, step)
  if (!isRunning) return undefined
  const { snapshot: inner, events = [] } = snapshot.machine as unknown as {
    snapshot: { value: Json; context?: Json }
    events?: readonly string[]
  }
  const isSmall = inner.context !== undefined && JSON.stringify(inner.context).length <= MAX_CONTEXT_CHARS
  return { value: inner.value, ...(isSmall && { context: inner.context }), events }
}

const iso = (ms: number): string => new Date(ms).toISOString()

const isPaused = ({ status }: StepRecord): boolean => status === 'interrupted' || status === 'sleeping'

const waitInfo = ({ name, since, until, isSleep, schema }: Wait): WaitInfo => ({
  name,
  for: isSleep ? 'time' : 'answer',
  since: iso(since),
  ...(until !== undefined && { until: iso(until) }),
  ...(schema !== undefined && { schema }),
})

function stepInfo(record: ProcessRecord, { name, kind }: ProcessRecord['outline'][number]): ProcessStepInfo {
  const step = Object.hasOwn(record.steps, name) ? record.steps[name] : undefined
  if (step === undefined) return { name, kind, status: 'pending', attempt: 0 }
  const machine = kind === 'machine' ? machineInfo(record, name) : undefined
  const progress = record.progress && Object.hasOwn(record.progress, name) ? record.progress[name] : step.progress
  return {
    name,
    kind,
    status: step.status,
    attempt: step.attempt,
    ...(step.startedAt !== undefined && { startedAt: iso(step.startedAt) }),
    ...(step.endedAt !== undefined && { endedAt: iso(step.endedAt) }),
    ...(step.until !== undefined && { until: iso(step.until) }),
    ...(isPaused(step) && step.waits && { waits: step.waits.map(waitInfo) }),
    ...(progress !== undefined && { progress }),
    ...(step.error !== undefined && { error: step.error }),
    ...(step.child !== undefined && { child: step.child }),
    ...(step.children !== undefined && { children: step.children }),
    ...(step.state !== undefined && { state: step.state }),
    ...(machine && { machine }),
  }
}

/** Paused after a step, and not within its work. */
const isPausedAfter = (record: ProcessRecord): boolean =>
  pausedStep(record)?.record.waits === undefined && record.status === 'interrupted'

const dataOf = (record: ProcessRecord): Json => (record.data === undefined ? record.input : record.data)

const hostInfo = ({ id, osPid, hostname, state }: Host): NonNullable<ProcessInfo['host']> => ({
  id,
  osPid,
  hostname,
  state,
})

export const toPendingInfo = ({ at, ...command }: PendingCommand): PendingCommandInfo => ({ ...command, at: iso(at) })

export function toInfo({ record, host, misfit, paused, waitingFor, pendingCommands }: StoredProcess): ProcessInfo {
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
    ...((status === 'finished' || isPausedAfter(record)) && { output: dataOf(record) }),
    ...(record.error !== undefined && { error: record.error }),
    steps: record.outline
      .filter(step => step.kind !== 'undo' || Object.hasOwn(record.steps, step.name))
      .map(step => stepInfo(record, step)),
    ...(record.key !== undefined && { key: record.key }),
    ...(record.labels !== undefined && { labels: record.labels }),
    ...(record.startsAt !== undefined && { startsAt: iso(record.startsAt) }),
    ...(record.priority !== undefined && { priority: record.priority }),
    ...(record.forkedFrom !== undefined && { forkedFrom: record.forkedFrom }),
    ...(record.parent !== undefined && { parent: record.parent }),
    ...(record.retryOf !== undefined && { retryOf: record.retryOf }),
    ...(record.trace !== undefined && { trace: record.trace }),
    recoveries: record.recoveries,
    revision: record.revision,
    ...(host !== undefined && { host: hostInfo(host) }),
    ...(misfit !== undefined && { misfit }),
    ...(paused && { paused }),
    ...(waitingFor && { waitingFor }),
    ...(pendingCommands !== undefined && {
      pendingCommands: pendingCommands.map(toPendingInfo),
    }),
  }
}

export function toHistoryEntry(record: ProcessRecord, index: number): HistoryEntry {
  const memory = memoryInfos(record, index === 0)
  return {
    ...toInfo({ record }),
    event: record.event,
    ...(memory.length > 0 && { memory }),
    snapshot: record.snapshot,
  }
}
