import type { ProcessRecord } from './record.ts'

export type HostState = 'alive' | 'dead' | 'unresponsive' | 'unknown'

/** A runtime as the store knows it. */
export interface Host {
  readonly id: string
  readonly osPid: number
  readonly hostname: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly state: HostState
}

/** A process as a reader finds it. `host` is its owner; a process that waits for a host or has ended has none. */
export interface StoredProcess {
  readonly record: ProcessRecord
  readonly host?: Host
}
