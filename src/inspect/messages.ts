import type { Json } from '../record/record.ts'

/** The version of @statelyai/inspect whose messages these are. */
const PROTOCOL = '0.7.2'

/**
 * A snapshot as the Stately inspector reads it. `value` is the state; actors other than machines
 * have none.
 */
export interface SnapshotMessage {
  readonly status: 'active' | 'done' | 'error' | 'stopped'
  readonly value?: Json | undefined
  readonly context?: unknown
  readonly output?: unknown
  readonly error?: unknown
}

interface Head {
  readonly _version: string
  readonly sessionId: string
  readonly rootId: string
  /** Epoch milliseconds. */
  readonly createdAt: string
  readonly id: null
}

/**
 * The messages that the page of the Stately inspector understands: those of `createInspector` of
 * @statelyai/inspect.

 */
export type StatelyMessage = Head &
  (
    | {
        readonly type: '@xstate.actor'
        readonly name: string
        readonly parentId?: string
        readonly definition: string
        readonly snapshot: SnapshotMessage
      }
    | { readonly type: '@xstate.event'; readonly event: { readonly type: string }; readonly sourceId?: string }
    | {
        readonly type: '@xstate.snapshot'
        readonly event: { readonly type: string }
        readonly snapshot: SnapshotMessage
      }
  )

type Body = StatelyMessage extends infer One ? (One extends StatelyMessage ? Omit<One, keyof Head> : never) : never

export const message = (sessionId: string, rootId: string, body: Body, at: number = Date.now()): StatelyMessage => ({
  ...body,
  _version: PROTOCOL,
  sessionId,
  rootId,
  createdAt: String(at),
  id: null,
})
