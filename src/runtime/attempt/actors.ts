import type { ActorLogic, AnyActorRef, EventObject, Snapshot } from 'xstate'
import type { Answer, AttemptInput, Begin, ChildInput, MachineInput, TimerInput } from '../../machines/context.ts'

export type { Answer } from '../../machines/context.ts'

/**
 * `stop` is there while the work is under way here: it is kept nowhere else, and written nowhere.
 */
type InvokedSnapshot = Snapshot<unknown> & {
  readonly input: unknown
  readonly isRestored: boolean
  stop?: (() => void) | undefined
}

/** The actor that begins; restored: it was under way when its parent was recorded. */
interface Begun {
  readonly self: AnyActorRef
  readonly isRestored: boolean
}

type AnsweringLogic<Input> = ActorLogic<InvokedSnapshot, EventObject & { readonly value?: unknown }, Input>

/** With `begin` for those that make its actors themselves: see machines/transition-table.ts. */
type InvokedLogic<Input> = AnsweringLogic<Input> & { readonly begin: Begin<Input> }

const over = { input: undefined, isRestored: false }

/**
 * An XState actor that works until it answers once: `fromPromise` without the promise and the
 * AbortController that most attempts never use. `begin` returns what to do when the actor is
 * stopped before it has answered.
 */
export function fromAnswer<Input>(
  begin: (input: Input, answer: Answer, begun: Begun) => () => void,
): AnsweringLogic<Input> {
  return {
    getInitialSnapshot: (_, input) => ({
      status: 'active',
      output: undefined,
      error: undefined,
      input,
      isRestored: false,
      stop: undefined,
    }),
    getPersistedSnapshot: ({ stop: _, isRestored: _here, ...snapshot }) => snapshot,
    restoreSnapshot: snapshot => ({ ...(snapshot as InvokedSnapshot), isRestored: true, stop: undefined }),
    start(snapshot, { self }) {
      if (snapshot.status !== 'active') return
      const send = (type: string) => (value: unknown) => self.send({ type, value })
      const answer = { resolve: send('answer.output'), reject: send('answer.error') }
      snapshot.stop = begin(snapshot.input as Input, answer, { self, isRestored: snapshot.isRestored })
    },
    transition(snapshot, event) {
      if (snapshot.status !== 'active') return snapshot
      switch (event.type) {
        case 'answer.output':
          return { ...over, status: 'done', output: event.value, error: undefined }
        case 'answer.error':
          return { ...over, status: 'error', output: undefined, error: event.value }
        case 'xstate.stop':
          snapshot.stop?.()
          return { ...over, status: 'stopped', output: undefined, error: undefined }
        default:
          return snapshot
      }
    },
  }
}

const invoked = <Input>(begin: Begin<Input>): InvokedLogic<Input> => ({ begin, ...fromAnswer(begin) })

export type AttemptLogic = InvokedLogic<AttemptInput>
export type ChildLogic = InvokedLogic<ChildInput>
export type MachineLogic = InvokedLogic<MachineInput>
export type TimerLogic = InvokedLogic<TimerInput>
export const attemptLogic = (begin: Begin<AttemptInput>): AttemptLogic => invoked(begin)
export const timerLogic = (begin: Begin<TimerInput>): TimerLogic => invoked(begin)
export const childLogic = (begin: Begin<ChildInput>): ChildLogic => invoked(begin)
export const machineLogic = (begin: Begin<MachineInput>): MachineLogic => invoked(begin)
