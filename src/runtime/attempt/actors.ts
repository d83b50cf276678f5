import type { ActorLogic, EventObject, Snapshot } from 'xstate'
import type { AttemptInput, ChildInput, MachineInput, TimerInput } from '../../machines/context.ts'

/** What an invoked actor is given to answer with. Answers after its end are dropped. */
export interface Answer {
  resolve(output: unknown): void
  reject(error: unknown): void
}

/** `stop` is there while the work is under way here: it is kept nowhere else, and written nowhere. */
type InvokedSnapshot = Snapshot<unknown> & { readonly input: unknown; stop?: (() => void) | undefined }

type InvokedLogic<Input> = ActorLogic<InvokedSnapshot, EventObject & { readonly value?: unknown }, Input>

/**
 * An XState actor that works until it answers once: `fromPromise` without the promise and the AbortController that most attempts never
 * use. `begin` returns what to do when the actor is stopped before it has answered.
 */
function fromAnswer<Input>(begin: (input: Input, answer: Answer) => () => void): InvokedLogic<Input> {
  return {
    getInitialSnapshot: (_, input) => ({ status: 'active', output: undefined, error: undefined, input, stop: undefined }),
    getPersistedSnapshot: ({ stop: _, ...snapshot }) => snapshot,
    restoreSnapshot: snapshot => snapshot as InvokedSnapshot,
    start(snapshot, { self }) {
      if (snapshot.status !== 'active') return
      const answer = (type: string) => (value: unknown) => self.send({ type, value })
      snapshot.stop = begin(snapshot.input as Input, { resolve: answer('answer.output'), reject: answer('answer.error') })
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
export const attemptLogic = (begin: (input: AttemptInput, answer: Answer) => () => void): AttemptLogic => fromAnswer(begin)
export const timerLogic = (begin: (input: TimerInput, answer: Answer) => () => void): TimerLogic => fromAnswer(begin)
export const childLogic = (begin: (input: ChildInput, answer: Answer) => () => void): ChildLogic => fromAnswer(begin)
export const machineLogic = (begin: (input: MachineInput, answer: Answer) => () => void): MachineLogic => fromAnswer(begin)
