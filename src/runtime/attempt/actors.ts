import type { ActorLogic, EventObject, Snapshot } from 'xstate'
import type { AttemptInput, Begin, ChildInput, MachineInput, TimerInput } from '../../machines/context.ts'

export type { Answer } from '../../machines/context.ts'

/**
 * `stop` is there while the work is under way here: it is kept nowhere else, and written nowhere.
 */
type InvokedSnapshot = Snapshot<unknown> & { readonly input: unknown; stop?: (() => void) | undefined }

/** With `begin` for those that make its actors themselves: see machines/transition-table.ts. */
type InvokedLogic<Input> = ActorLogic<InvokedSnapshot, EventObject & { readonly value?: unknown }, Input> & {
  readonly begin: Begin<Input>
}

/**
 * An XState actor that works until it answers once: `fromPromise` without the promise and the
 * AbortController that most attempts never use. `begin` returns what to do when the actor is
 * stopped before it has answered.
 */
function fromAnswer<Input>(begin: Begin<Input>): InvokedLogic<Input> {
  return {
    begin,
    getInitialSnapshot: (_, input) => ({
      status: 'active',
      output: undefined,
      error: undefined,
      input,
      stop: undefined,
    }),
    getPersistedSnapshot: ({ stop: _, ...snapshot }) => snapshot,
    restoreSnapshot: snapshot => snapshot as InvokedSnapshot,
    start(snapshot, { self }) {
      if (snapshot.status !== 'active') return
      const answer = (type: string) => (value: unknown) => self.send({ type, value })
      snapshot.stop = begin(snapshot.input as Input, {
        resolve: answer('answer.output'),
        reject: answer('answer.error'),
      })
    },
    transition(snapshot, event) {
      if (snapshot.status !== 'active') return snapshot
      switch (event.type) {
        case 'answer.output':
          return { status: 'done', output: event.value, error: undefined, input: undefined }
        case 'answer.error':
          return { status: 'error', output: undefined, error: event.value, input: undefined }
        case 'xstate.stop':
          snapshot.stop?.()
          return { status: 'stopped', output: undefined, error: undefined, input: undefined }
        default:
          return snapshot
      }
    },
  }
}

export type AttemptLogic = InvokedLogic<AttemptInput>
export type ChildLogic = InvokedLogic<ChildInput>
export type MachineLogic = InvokedLogic<MachineInput>
export type TimerLogic = InvokedLogic<TimerInput>
export const attemptLogic = (begin: Begin<AttemptInput>): AttemptLogic => fromAnswer(begin)
export const timerLogic = (begin: Begin<TimerInput>): TimerLogic => fromAnswer(begin)
export const childLogic = (begin: Begin<ChildInput>): ChildLogic => fromAnswer(begin)
export const machineLogic = (begin: Begin<MachineInput>): MachineLogic => fromAnswer(begin)
