import type { Json } from './record.ts'

/** What every command has. Its id has the form of a pid, so that ids sort by the time they were made; `at` is epoch milliseconds. */
interface CommandHead {
  readonly pid: string
  readonly id: string
  readonly at: number
}

/**
 * What a client asks of a process that lives elsewhere. `proceed` names the paused step it is about: of two clients that let the same
 * step go on, one does.
 */
export type Command = CommandHead &
  (
    | { readonly type: 'cancel'; readonly reason?: string }
    | { readonly type: 'proceed'; readonly step: string; readonly data?: Json }
    | { readonly type: 'send'; readonly event: Json }
  )

/** Why a host did not do what a command asked for. */
export interface Refusal {
  readonly code: string
  readonly message: string
}

/** What has become of a command. A host that takes one first writes the record which carries its id. */
export type Answer = 'waiting' | 'taken' | { readonly refused: Refusal }
