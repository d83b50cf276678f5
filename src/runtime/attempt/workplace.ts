import type { AnyActor, InspectionEvent } from 'xstate'
import type { MachineState, ProcessContext } from '../../machines/context.ts'
import type { FinishedItems, Json, LogEntry, Progress } from '../../record/record.ts'
import type { ChildStep } from '../../steps/kinds/process.ts'
import type { PlannedStep } from '../../steps/kinds/kinds.ts'
import type { StepContext } from '../../steps/work.ts'
import type { Clock } from '../clock.ts'
import type { Attempts } from './attempts.ts'

/** What an attempt needs of the process it belongs to. */
export interface Workplace {
  readonly pid: string
  readonly clock: Clock
  readonly services: object
  readonly maxRecordBytes: number
  /** True once the runtime closes: nothing begins any more. */
  readonly draining: boolean
  readonly machineContext: ProcessContext
  readonly attempts: Attempts
  readonly holdsSlot: boolean
  stepNamed(name: string): PlannedStep
  /** Calls `taken` once the process has a slot again. */
  takeSlot(taken: () => void): void
  /** Settles when every record is in the store; `undefined` if they are. */
  barrier(): Promise<void> | undefined
  /** Lets the event loop turn now and then; `undefined` if it need not yet. */
  pace(): Promise<void> | undefined
  /** Why the work of a process that has ended is told to stop. */
  endReason(): Error | undefined

  /** What an attempt calls: the user's work, here or in a worker; of an each step what makes its list, or works on an item of it. */
  worker(step: PlannedStep, part?: 'attempt' | 'items'): (context: StepContext) => unknown
  report(step: string, progress: Progress): void
  log(entry: LogEntry): void

  /** Starts the child of a step, or finds it; resolves with its pid. */
  startChild(step: ChildStep, input: Json): Promise<string>
  cancelChild(child: string): void

  /** Outputs of items that earlier attempts at a step have finished. */
  finishedItems(step: string): Promise<Map<number, Json>>
  /** Items of an each step that have finished: on disk, and with them how many there are. */
  writeItems(step: string, items: FinishedItems, progress: Progress): void

  machineChanged(step: string, machine: MachineState, command: string | undefined): void
  /** Handed the actor of a machine step before it starts. */
  readonly show: ((actor: AnyActor) => void) | undefined
  readonly inspect: ((event: InspectionEvent) => void) | undefined
}
