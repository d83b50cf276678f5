import type { AnyActor, InspectionEvent } from 'xstate'
import type { Clock } from '../../record/clock.ts'
import type { Host } from '../../record/host.ts'
import type { Json, ProcessRecord, Progress, StreamEntry, Trace, Trails } from '../../record/record.ts'
import type { StandardSchemaV1 } from '../../record/standard-schema.ts'
import type { MachineState, ProcessContext } from '../../machines/context.ts'
import type { AttemptedStep } from '../../steps/kinds/kinds.ts'
import type { ProcessPlan } from '../../steps/plan.ts'
import type { Attempts } from './attempts.ts'
import type { Isolation } from './isolation.ts'
import type { StoredMemory } from './stored-memory.ts'

/** Who writes to the stream of a process. */
export interface StreamWriter extends Pick<StreamEntry, 'step' | 'attempt' | 'item' | 'once'> {
  /**
   * Attempts from the outside in, such as '2.1': of the step, of the item, of the call of `once`.
   */
  readonly run: string
}

/** What an attempt needs of the process it belongs to. */
export interface Workplace {
  readonly pid: string
  readonly environment: AttemptEnvironment
  readonly attempts: Attempts
  readonly machineContext: ProcessContext
  readonly holdsSlot: boolean
  /** It has ended, in whatever way, or undoes what it did before it ends. */
  readonly isEnding: boolean
  readonly plan: ProcessPlan
  /** Of whoever started the process. */
  readonly trace: Trace | undefined
  /** Of the attempt before: at this step, or else at the step before. */
  traceOf(step: string): Trace | undefined
  /** Keeps it with the record that says that the attempt begins. */
  keepTrace(step: string, trace: Trace): void
  stepNamed(name: string): AttemptedStep
  /** Calls `acquired` once the process has a slot again. */
  acquireSlot(acquired: () => void): void
  /** Gives the slot up, unless an attempt is under way. */
  releaseSlot(): void
  /** Settles when every record is in the store; `undefined` if they are. */
  barrier(): Promise<void> | undefined
  /** Why the work of a process that has ended is told to stop. */
  endReason(): Error | undefined
  report(step: string, progress: Progress): void
  /** Adds a chunk to the stream. */
  write(writer: StreamWriter, chunk: Json): void
  /** Settles when all that was written can be given to the store; `undefined` if it can already. */
  streamReady(): Promise<void> | undefined
  /** What the step remembers, for an attempt at it: the first one finds nothing in the store. */
  memoryOf(step: string, isFirst: boolean): StoredMemory
  /**
   * The output of an earlier step; `undefined` if it was skipped.
   * @throws ERR_UNKNOWN_STEP if it has not ended
   */
  outputOf(step: string): Promise<Json | undefined>
  /** Every record of the process, from the store. */
  records(): Promise<readonly ProcessRecord[]>
  /** The step waits: these check the answers, by name. */
  keepSchemas(step: string, schemas: ReadonlyMap<string, StandardSchemaV1>): void
  /** The machine of a machine step is in a new state. */
  machineChanged(step: string, machine: MachineState, command: string | undefined): void
}

/** What attempts need of the host they run on. */
export interface AttemptEnvironment {
  readonly host: Pick<Host, 'id'>
  readonly clock: Clock
  readonly services: object
  readonly maxRecordBytes: number
  /** True once the runtime closes: nothing begins any more. */
  readonly draining: boolean
  /** Set if any registered step uses `isolate`. */
  readonly isolation: Isolation | undefined
  /** Handed each actor before it starts. */
  readonly show: ((actor: AnyActor) => void) | undefined
  readonly inspect: ((event: InspectionEvent) => void) | undefined
  /** Lets the event loop turn now and then; `undefined` if it need not yet. */
  readonly yieldLoop: () => Promise<void> | undefined
  /** The first offset that is free in the stream of a process. */
  streamEnd(pid: string): Promise<number>
  /** Every record of a process. */
  recordsOf(pid: string): Promise<readonly ProcessRecord[]>
  /** A log or a stream that cannot be written is no reason for a process to fail or to wait. */
  append<T extends keyof Trails>(trail: T, pid: string, entries: readonly Trails[T][]): void
  /** A process waits for its store, which has failed. */
  onStoreError(error: unknown, pid: string): void
  /** Starts the process that is a step of `parent`, or finds it; resolves with its pid. */
  startChild(
    plan: ProcessPlan,
    input: Json,
    parent: { readonly pid: string; readonly step: string },
    failures: number,
    /** The item that it is of an each step. */
    index?: number,
  ): Promise<string>
  /** Starts a process of its own, or finds the one that has the key; resolves with its pid. */
  startProcess(plan: ProcessPlan, input: unknown, key: string): Promise<string>
  /** Answers with the output of a child once it has ended, wherever it runs. */
  waitForChild(child: string, answer: { resolve(output: Json): void; reject(error: Error): void }): void
  cancelChild(child: string, parent: string): void
}
