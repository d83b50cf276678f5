import type { AnyActorRef, AnyStateMachine } from 'xstate'
import type { StepwrightError } from '../../errors.ts'
import type { Host } from '../../record/host.ts'
import type { LimitRecord } from '../../record/limit.ts'
import type { ProcessStatus } from '../../record/record.ts'
import type { AttemptedStep } from '../../steps/kinds/kinds.ts'
import type { ProcessPlan } from '../../steps/plan.ts'
import type { HostStore } from '../../store/store.ts'
import type { AttemptEnvironment } from '../attempt/workplace.ts'
import type { Pauses } from './pauses.ts'
import type { Slots } from './slots.ts'

/**
 * What a process needs of the host it runs on. A process is named by its pid here, so that nothing
 * below knows its class.
 */
export interface Environment extends AttemptEnvironment {
  readonly slots: Slots
  readonly pauses: Pauses
  readonly limits: PlacesOfHost
  readonly store: HostStore
  readonly host: Host
  /**
   * The process has begun here, or its status has changed: with it whether it needs Node to stay
   * alive.
   */
  onStatus(pid: string, status: ProcessStatus): void
  /** The process made a transition, or reported progress. */
  onRecord(pid: string): void
  /** The process has ended and its last record is in the store. */
  onEnd(pid: string): void
  /** A write was refused: the process is another host's, or gone. */
  onLoss(pid: string, error: StepwrightError): void
}

/** A process as far as its places in limits go. */
export interface PlaceHolder {
  readonly pid: string
  readonly epoch: number | undefined
  readonly isGone: boolean
}

/** The places in limits of the processes of a host. */
export interface PlacesOfHost {
  /** Calls `acquired` once a process that goes on has its places. */
  acquire(process: PlaceHolder, limits: readonly LimitRecord[], acquired: () => void): void
  /** Gives up places, once `written` has settled. */
  vacate(process: PlaceHolder, limits: readonly LimitRecord[], written: Promise<void> | undefined): void
}

/** A definition as this host runs it. */
export interface Program {
  readonly plan: ProcessPlan
  readonly machine: AnyStateMachine
  /**
   * Of the actors of its processes; absent: each has an actor system of its own, which an inspector
   * can look into.
   */
  readonly parent: AnyActorRef | undefined
  readonly steps: ReadonlyMap<string, AttemptedStep>
}
