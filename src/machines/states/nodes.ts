import { assign } from 'xstate'
import type { ErrorRecord } from '../../record/record.ts'
import type { AttemptFailure, ProcessContext, ProcessEvent, TimerInput } from '../context.ts'

/**
 * Of states and transitions that every step with work has, so that it may wait within it: charts
 * that people look at leave them out.
 */
export const IMPLICIT = { implicit: true }

/** How a step begins: the state to enter, and how the context changes. */
export interface Entry {
  readonly target: string
  readonly begin: (context: ProcessContext, at: number) => Partial<ProcessContext>
}

/**
 * State nodes of one step, by the top-level state that contains them. They are plain objects,
 * because XState's types cannot describe keys made at run time.
 */
export interface StepStates {
  running?: object
  interrupted?: object
  sleeping?: object
}

/**
 * What follows work that has failed for good: a step takes the process to its end, or to the first
 * undo on the way there; an undo is followed by the next one.
 */
export interface Failing {
  readonly target: string
  /** The context after a failure, which the record of the step has already. */
  readonly fail: (
    context: ProcessContext,
    step: string,
    at: number,
    error: ErrorRecord,
    type?: string,
  ) => Partial<ProcessContext>
  /** The context after the last death that is allowed. */
  readonly die: (context: ProcessContext, step: string, at: number) => Partial<ProcessContext>
  /** Whether the process ends where its host has died, as its host was told. */
  readonly isFragile: boolean
}

/** Where work stands in the chart: in the machine `id`. */
export interface Place {
  readonly id: string
  readonly failing: Failing
}

/** A step in the chart: how it begins, and its state nodes. */
export interface StepNodes {
  readonly entry: Entry
  readonly states: StepStates
}

/** All that is special about a kind of step in the chart. */
export interface KindNodes<Step> {
  /**
   * The step's nodes in the chart.
   * @param next what comes after the step
   */
  nodes(step: Step, place: Place, next: Entry): StepNodes
  /**
   * What of a step a stored snapshot depends on besides its name and kind: it must not change
   * without a new version.
   */
  shape?(step: Step): unknown
}

export interface DoneEvent<Output> {
  readonly type: string
  readonly output: Output
}
/**
 * A timer that fails counts as one that fired, so that no process can get stuck in a wait. (No
 * timer fails today.)
 */
export interface TimerEvent {
  readonly output?: { readonly at: number }
}
export interface FailEvent {
  readonly type: string
  readonly error: AttemptFailure
}
export interface Args<Event> {
  readonly context: ProcessContext
  readonly event: Event
}
export type RecoverEvent = Extract<ProcessEvent, { type: 'RECOVER' }>
export type ChangeEvent = Extract<ProcessEvent, { type: 'CHANGE' }>
export type ResumeEvent = Extract<ProcessEvent, { type: 'RESUME' }>
export type ProceedEvent = Extract<ProcessEvent, { type: 'PROCEED' }>

export type Change = (context: ProcessContext, event: unknown) => Partial<ProcessContext>
const changes = new WeakMap<object, Change>()

/** The action of a transition: what becomes of the context. */
export function update<Event>(change: (context: ProcessContext, event: Event) => Partial<ProcessContext>) {
  const action = assign(({ context, event }: { context: ProcessContext; event: unknown }) =>
    change(context, event as Event),
  )
  changes.set(action, change as Change)
  return action
}

/** What an action made by `update` does; `undefined`: it is none. */
export const changeOf = (action: object): Change | undefined => changes.get(action)

/**
 * A durable timer. XState persists its input, the absolute time `until`, and restarts it on
 * restore; a time in the past fires at once.
 */
export const timer = (timerId: string, name: string, onDone: object, isDate = false): object => ({
  id: timerId,
  src: 'timer',
  input: ({ context }: Args<unknown>): TimerInput => ({
    at: context.steps[name]?.until ?? context.at,
    ...(isDate && { isDate: true }),
  }),
  onDone,
  onError: onDone,
})
