import { channel, tracingChannel, type TracingChannel } from 'node:diagnostics_channel'
import type { ProcessStatus, RecordEvent, StepKind, Trace } from './record.ts'

/**
 * What every message of a tracing channel has. The same object comes with all events of one action,
 * so a subscriber can use it as a key.
 */
export interface TracedAction {
  /**
   * A subscriber to `start` may set it: it calls the work, for example in an async context of its
   * own, and returns what the work returns.
   */
  run?: <T>(work: () => T) => T
  /** Set when the action has failed. */
  error?: unknown
}

/** `tracing:stepwright:start:*`: a process is started, or put into the store for a worker. */
export interface StartMessage extends TracedAction {
  readonly operation: 'start' | 'submit' | 'fork' | 'retry'
  /** Of the definition; absent for a fork or a retry until the process is read. */
  name?: string
  readonly key?: string | undefined
  /** Set when the process is in the store. */
  pid?: string
  /** Set by a subscriber to `start`: kept in the journal of the process. */
  trace?: Trace
}

/**
 * `stepwright:process`: a process comes to a host, changes its status there, ends or leaves it.
 */
export interface ProcessMessage {
  readonly host: string
  readonly pid: string
  readonly name: string
  readonly version: string
  /** Absent: it comes to the host. */
  readonly before?: ProcessStatus
  /** Absent: it leaves the host without an end, released or lost. */
  readonly status?: ProcessStatus
  /** Epoch milliseconds, as all times here. */
  readonly at: number
  readonly createdAt: number
  readonly startedAt?: number
  /** Why it has ended otherwise than by finishing. */
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string | number }
  /** Of whoever started it. */
  readonly trace?: Trace
  /** Of the newest attempt at each step that has not ended; else of the newest attempt. */
  readonly traces?: Readonly<Record<string, Trace>>
}

/**
 * `tracing:stepwright:attempt:*`: one execution of a step, from when it is due to when its work has
 * settled.
 */
export interface AttemptMessage extends TracedAction {
  readonly host: string
  readonly pid: string
  readonly name: string
  readonly version: string
  readonly step: string
  readonly kind: StepKind | 'undo'
  readonly attempt: number
  /** The path of a step actor within its machine step: such an attempt is one of the actor. */
  actor?: string
  /** Of an `each` step: its list is made, or its items are worked through. */
  readonly part: 'attempt' | 'items'
  /** Of whoever started the process. */
  readonly startedBy?: Trace | undefined
  /** Of the attempt before: at this step, maybe on another host, or else at the step before. */
  readonly previous?: Trace | undefined
  /** Set by a subscriber to `start`: kept in the journal, for the next attempt. */
  trace?: Trace
  /** Set when the work begins: its record is in the store, and the process has a slot. */
  begunAt?: number
  /** Set when the attempt is over. */
  endedAt?: number
  /**
   * Set when the attempt is over. `stopped`: its process had ended or was told to, or the host
   * closes.
   */
  outcome?: 'finished' | 'skipped' | 'waits' | 'failed' | 'stopped'
}

/** `tracing:stepwright:once:*`: a call of `once` in a step. */
export interface OnceMessage extends TracedAction {
  readonly name: string
  /** As the work gets it: it begins with the pid and the step. */
  readonly idempotencyKey: string
  /** Set when the call is over: the work had been done before. */
  remembered?: boolean
}

/** `tracing:stepwright:store:*`: a line of a journal is written by the host of the process. */
export interface StoreMessage extends TracedAction {
  readonly host: string
  readonly pid: string
  readonly revision: number
  readonly event: RecordEvent
}

/** `stepwright:adoption`: a host has adopted processes, and goes on with them. */
export interface AdoptionMessage {
  readonly host: string
  /** When the round of adoption that found them began. */
  readonly begunAt: number
  readonly adopted: readonly {
    readonly pid: string
    readonly name: string
    /** Whether its last host released it. If not, that host died. */
    readonly released: boolean
  }[]
}

/** `stepwright:slots`: a slot of a host was taken or given back, or the host has closed. */
export interface SlotsMessage {
  readonly host: string
  readonly used: number
  /** 0 once the host is closed. */
  readonly limit: number
}

export const startChannel = tracingChannel<StartMessage>('stepwright:start')
export const attemptChannel = tracingChannel<AttemptMessage>('stepwright:attempt')
export const onceChannel = tracingChannel<OnceMessage>('stepwright:once')
export const storeChannel = tracingChannel<StoreMessage>('stepwright:store')
export const processChannel = channel('stepwright:process')
export const adoptionChannel = channel('stepwright:adoption')
export const slotsChannel = channel('stepwright:slots')

/**
 * Does the work, and publishes what becomes of it: `start`, `end` when the work has returned, and
 * `asyncEnd`, always, when it is over. Returns what the work returns.
 */
export function traced<Message extends TracedAction, T>(
  tracing: TracingChannel<Message>,
  message: Message,
  work: () => T,
): T {
  return tracing.start.runStores(message, () => {
    let result: T
    try {
      result = message.run === undefined ? work() : message.run(work)
    } catch (error) {
      message.error = error
      tracing.error.publish(message)
      tracing.end.publish(message)
      over()
      throw error
    }
    tracing.end.publish(message)
    if (result instanceof Promise)
      result.then(over, (error: unknown) => {
        message.error = error
        tracing.error.publish(message)
        over()
      })
    else over()
    return result
  })

  function over(): void {
    tracing.asyncStart.publish(message)
    tracing.asyncEnd.publish(message)
  }
}
