import type { AnyActor, AnyStateMachine, InspectionEvent } from 'xstate'
import type { PlannedStep } from '../../steps/kinds/kinds.ts'
import type { ProcessPlan } from '../../steps/plan.ts'
import type { Json, JournalLine, ProcessRecord, ProcessStatus } from '../../record/record.ts'
import type { Host } from '../../record/host.ts'
import type { HostStore } from '../../store/store.ts'
import type { Clock } from '../clock.ts'
import type { Isolation } from '../attempt/isolation.ts'
import type { Slots } from './slots.ts'

/** What a process needs of the host it runs on. A process is named by its pid here, so that nothing below knows its class. */
export interface Environment {
  readonly clock: Clock
  readonly slots: Slots
  /** Lets the event loop turn now and then: short steps on a local store would otherwise go from promise to promise and never let it. */
  readonly pace: () => Promise<void> | undefined
  readonly store: HostStore
  readonly host: Host
  readonly services: object
  readonly maxRecordBytes: number
  /** Handed each actor before it starts. */
  readonly show: ((actor: AnyActor) => void) | undefined
  readonly inspect: ((event: InspectionEvent) => void) | undefined
  /** True once the runtime closes: nothing begins any more. */
  readonly draining: boolean
  /** The process has ended and its last record is in the store, or it was given up. */
  onGone(pid: string): void
  /** The process has begun here, or its status has changed: whether it needs Node to stay alive may have changed with it. */
  onStatus(pid: string, status: ProcessStatus): void
  /** It made a transition, or reported progress. */
  onRecord(pid: string): void
  onStoreError(error: unknown, line: JournalLine): void
  /** Set if any registered step uses `isolate`. */
  readonly isolation: Isolation | undefined
  /** Starts the process that is a step of `parent`, or finds it; resolves with its pid. */
  startChild(plan: ProcessPlan, input: Json, parent: { readonly pid: string; readonly step: string }, failures: number): Promise<string>
  cancelChild(child: string, parent: string): void
  /** Every record of a process. */
  recordsOf(pid: string): Promise<readonly ProcessRecord[]>
}

/** A definition as this host runs it. */
export interface Program {
  readonly plan: ProcessPlan
  readonly machine: AnyStateMachine
  readonly steps: ReadonlyMap<string, PlannedStep>
}
