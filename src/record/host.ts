import type { ProcessRecord } from './record.ts'

/**
 * Whether a host answers: `dead` is gone for good; `unresponsive` is blocked or stopped, and keeps
 * its processes; `unknown` cannot be asked, for example because it runs on another machine.
 */
export type HostState = 'alive' | 'dead' | 'unresponsive' | 'unknown'

/** A runtime as the store knows it: it owns processes, and is alive or dead. */
export interface Host {
  readonly id: string
  readonly osPid: number
  readonly hostname: string
  /** ISO 8601. Absent where the host's card cannot be read. */
  readonly startedAt?: string
  readonly state: HostState
}

/** Why a host that knows the definition of a process leaves it alone. */
export interface Misfit {
  /** The host that says so. */
  readonly host: string
  /** 'unknown-version', 'missing-step', 'missing-state' or 'failed-migration'. */
  readonly reason: string
  /** The sentence that `stepwright check` prints. */
  readonly message: string
}

/** A command that waits: for a host, or for the step that takes it. */
export interface PendingCommand {
  /** By which `withdraw` takes it back. */
  readonly id: string
  readonly type: 'cancel' | 'proceed' | 'send'
  /** Epoch milliseconds. */
  readonly at: number
  /** The pause that a `proceed` is for. */
  readonly step?: string
  /** The name of the wait that a `proceed` answers. */
  readonly name?: string
  /** The type of the event of a `send`. */
  readonly event?: string
}

/**
 * A process as a reader finds it. `host` is its owner. A process that waits for a host, or has
 * ended, has none.
 */
export interface StoredProcess {
  readonly record: ProcessRecord
  readonly host?: Host
  readonly misfit?: Misfit
  /** It has not begun, and its definition is paused. */
  readonly paused?: true
  /** The limit that is full, for which it waits before it begins. */
  readonly waitingFor?: { readonly limit: string; readonly key?: string }
  /** Oldest first. */
  readonly pendingCommands?: readonly PendingCommand[]
}
