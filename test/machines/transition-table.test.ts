import test from 'ava'
import * as fc from 'fast-check'
import {
  createActor,
  not,
  setup,
  type AnyActor,
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventObject,
  type Snapshot,
} from 'xstate'
import { compile } from '../../src/machines/compile.ts'
import type { Answer, Begin, ProcessContext } from '../../src/machines/context.ts'
import { toSnapshot, toTransition } from '../../src/machines/snapshot.ts'
import { update } from '../../src/machines/states/nodes.ts'
import { tabulate } from '../../src/machines/transition-table.ts'
import { checkXState, commonParent, stopActor } from '../../src/machines/xstate-internals.ts'
import type { ProcessRecord } from '../../src/record/record.ts'
import { attemptLogic, childLogic, machineLogic, timerLogic } from '../../src/runtime/attempt/actors.ts'
import type { ProcessPlan } from '../../src/steps/plan.ts'
import { tabulate as tabulateAndCompare } from './compared.ts'
import { possibleEvents } from './events.ts'
import { definitions } from './random.ts'
import { differenceOf } from './same-snapshot.ts'

/**
 * How many sequences of events are tried; `SEQUENCES=10000` for all that are wanted of a new
 * version of XState.
 */
const SEQUENCES = Number(process.env['SEQUENCES'] ?? 300)

/** One of two actors that are told the same; what its children did, in order. */
interface World {
  actor: AnyActor
  readonly log: string[]
  /** Of every invocation so far, in the order in which they began. */
  readonly answers: Answer[]
  readonly machine: AnyStateMachine
  /** Those of the table have one parent. */
  readonly parent: { readonly parent?: AnyActorRef }
}

const withActors = (machine: AnyStateMachine, begin: (src: string) => Begin<unknown>): AnyStateMachine =>
  machine.provide({
    actors: {
      attempt: attemptLogic(begin('attempt')),
      items: attemptLogic(begin('items')),
      children: attemptLogic(begin('children')),
      child: childLogic(begin('child')),
      machine: machineLogic(begin('machine')),
      timer: timerLogic(begin('timer')),
    },
  })

function worldOf(plain: AnyStateMachine, isTabulated: boolean, input: object): World {
  const log: string[] = []
  const answers: Answer[] = []
  const begin =
    (src: string): Begin<unknown> =>
    (given, answer) => {
      const name = `${src} ${JSON.stringify(given)}`
      log.push(`begins ${name}`)
      answers.push(answer)
      const number = answers.length
      if (number % 11 === 10) throw new Error('cannot begin')
      return () => {
        log.push(`stops ${name}`)
        if (number % 13 === 12) throw new Error('cannot stop')
      }
    }
  const provided = withActors(plain, begin)
  const machine = isTabulated ? tabulate(provided) : provided
  const parent = isTabulated ? { parent: commonParent() } : {}
  const world = { log, answers, machine, parent } as World
  world.actor = observed(world, createActor(machine, { input, ...parent }))
  return world
}

function observed({ log }: World, actor: AnyActor): AnyActor {
  actor.subscribe({
    next: (snapshot: AnyMachineSnapshot) => log.push(`is in ${JSON.stringify(snapshot.value)}`),
    error: error => log.push(`fails: ${String(error)}`),
    complete: () => log.push('is over'),
  })
  return actor.start()
}

const snapshotOf = ({ actor }: World): AnyMachineSnapshot => actor.getSnapshot() as AnyMachineSnapshot

/** What is done next: `pick` chooses among what is possible. */
interface Move {
  readonly kind: 'on' | 'possible' | 'answer' | 'late' | 'garbage' | 'restore' | 'restore as XState does'
  readonly pick: number
}

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.record({
    kind: fc.oneof(
      { weight: 20, arbitrary: fc.constant('on' as const) },
      { weight: 6, arbitrary: fc.constant('possible' as const) },
      { weight: 3, arbitrary: fc.constant('answer' as const) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          'late' as const,
          'garbage' as const,
          'restore' as const,
          'restore as XState does' as const,
        ),
      },
    ),
    pick: fc.nat(),
  }),
  { maxLength: 40, size: 'max' },
)

const thrower = (type: string, field: string): EventObject =>
  Object.defineProperty({ type }, field, {
    get(): never {
      throw new Error(`no ${field}`)
    },
  })
/**
 * Events that make guards and assignments throw, that nobody knows, or that are half of what they
 * should be.
 */
const GARBAGE: readonly ((id: string) => EventObject)[] = [
  () => thrower('START', 'at'),
  () => thrower('CANCEL', 'reason'),
  () => thrower('RECOVER', 'fail'),
  () => thrower('RECOVER', 'at'),
  () => thrower('PROCEED', 'data'),
  id => thrower(`xstate.done.actor.${id}`, 'output'),
  id => thrower(`xstate.error.actor.${id}`, 'error'),
  id => ({ type: `xstate.done.actor.${id}` }),
  id => ({ type: `xstate.error.actor.${id}` }),
  () => ({ type: 'xstate.error.actor.nobody', error: new Error('of nobody') }) as EventObject,
  () => ({ type: 'xstate.done.actor.nobody' }),
  () => ({ type: 'NOBODY KNOWS IT' }),
  () => ({ type: 'CHANGE', at: 5 }) as EventObject,
  () => ({ type: 'REFUSE', at: 5, error: { name: 'Error', message: 'no' } }) as EventObject,
  () => ({ type: 'RECOVER', at: 5, released: true, fail: false, maxRecoveries: 3 }) as EventObject,
  () => ({ type: '*' }),
  () => ({ type: 'xstate.stop' }),
  () => ({ type: 'xstate.init' }),
]

const RESULTS: readonly ((answer: Answer) => void)[] = [
  answer => answer.resolve({ at: 7_000, output: { of: 'an answer' } }),
  answer => answer.resolve({ at: 7_000, skipped: true }),
  answer => answer.resolve({ at: 7_000, until: 9_000 }),
  answer => answer.resolve({ at: 7_000, output: 1, progress: { value: 1 }, state: 'b' }),
  answer => answer.resolve(undefined),
  answer => answer.reject({ at: 7_000, retryable: true, error: { name: 'Error', message: 'again' } }),
  answer => answer.reject({ at: 7_000, retryable: false, afterMs: 3, error: { name: 'Error', message: 'no more' } }),
  answer => answer.reject(undefined),
]

function make(plan: ProcessPlan, world: World, { kind, pick }: Move): void {
  const snapshot = snapshotOf(world)
  const isWhole = snapshot.machine !== undefined && snapshot.status === 'active'
  switch (kind) {
    case 'on': {
      if (!isWhole) return
      const events = possibleEvents(plan, snapshot)
      const wanted = snapshot.value === 'pending' ? 'START' : 'PROCEED'
      const paused =
        Object.keys(snapshot.children).length === 0 ||
        (snapshot.value as { interrupted?: unknown }).interrupted !== undefined
      return world.actor.send((paused ? events.find(({ type }) => type === wanted) : events[0]) as EventObject)
    }
    case 'possible': {
      if (!isWhole) return
      const events = possibleEvents(plan, snapshot)
      return world.actor.send(events[pick % events.length] as EventObject)
    }
    case 'answer':
      return RESULTS[pick % RESULTS.length]?.(world.answers.at(-1 - (pick % 2)) ?? { resolve() {}, reject() {} })
    case 'late':
      return RESULTS[pick % RESULTS.length]?.(
        world.answers[pick % world.answers.length] ?? { resolve() {}, reject() {} },
      )
    case 'garbage':
      return world.actor.send(
        GARBAGE[pick % GARBAGE.length]?.(Object.keys(snapshot.children ?? {})[0] ?? 'none') as EventObject,
      )
    case 'restore': {
      if (!isWhole) return
      const { input } = snapshot.context as ProcessContext
      const identity = { version: '1', shape: '', createdAt: 0, input, outline: [] }
      const record = JSON.parse(
        JSON.stringify({ ...identity, ...toTransition(snapshot, plan.name, 1) }),
      ) as ProcessRecord
      const { snapshot: restorable, fill } = toSnapshot(record)
      stopActor(world.actor)
      const actor = createActor(world.machine, { snapshot: restorable, ...world.parent })
      fill()
      world.actor = observed(world, actor)
      return
    }
    case 'restore as XState does': {
      if (!isWhole) return
      const persisted = JSON.parse(JSON.stringify(world.actor.getPersistedSnapshot())) as Snapshot<unknown>
      stopActor(world.actor)
      world.actor = observed(world, createActor(world.machine, { snapshot: persisted, ...world.parent }))
    }
  }
}

test('whatever happens to a process, the transition table makes of it what XState does', t => {
  let transitions = 0
  let ends = 0
  const run = fc.check(
    fc.property(definitions, moves, (plan, sequence) => {
      const input = { pid: 'p1', input: { n: 1 }, at: 1_000, timeoutMs: plan.timeoutMs }
      const plain = compile(plan, plan.timeoutMs !== undefined)
      const [tabulated, xstate] = [worldOf(plain, true, input), worldOf(plain, false, input)]
      for (const [n, move] of sequence.entries()) {
        make(plan, tabulated, move)
        make(plan, xstate, move)
        transitions += 1
        const where = (): string => `After ${JSON.stringify(sequence.slice(0, n + 1))} of ${JSON.stringify(plan.steps)}`
        const difference = differenceOf(snapshotOf(tabulated), snapshotOf(xstate))
        if (difference !== undefined) throw new Error(`${where()} they differ in ${difference}`)
        if (tabulated.log.join('\n') !== xstate.log.join('\n'))
          throw new Error(
            `${where()} this happened:\n${tabulated.log.join('\n')}\nand this by XState:\n${xstate.log.join('\n')}`,
          )
      }
      if (snapshotOf(xstate).status !== 'active') ends += 1
      stopActor(tabulated.actor)
      stopActor(xstate.actor)
    }),
    { numRuns: SEQUENCES, includeErrorInReport: true },
  )
  t.log(`seed ${run.seed}: ${run.numRuns} sequences, ${transitions} moves, ${ends} came to an end`)
  if (run.failed) t.fail(fc.defaultReportMessage(run))
  t.true(transitions > SEQUENCES)
})

/**
 * All that a chart may have and no process's has, and ways between compound states that theirs do
 * not go.
 */
function menagerie(): AnyStateMachine {
  const count = update<EventObject>(({ at }, { type }) => ({ at: at + 1, event: { type } }))
  const odd = ({ context }: { context: ProcessContext }): boolean => context.at % 2 === 1
  const work = (id: string) => ({
    id,
    src: 'attempt',
    input: ({ context }: { context: ProcessContext }) => ({ id, at: context.at }),
  })
  const leaves = (...ids: string[]) => Object.fromEntries(ids.map(id => [id, { invoke: work(id) }]))
  return setup({ guards: { odd: odd as never }, actions: { count: count as never } }).createMachine({
    id: 'menagerie',
    initial: 'deep',
    context: ({ input }: { input: object }) => input,
    output: ({ context }: { context: ProcessContext }) => context.at,
    on: {
      DEEP: { target: '.deep', actions: count },
      AGAIN: { target: '#menagerie', reenter: true, actions: count },
      STAY: { actions: count },
      END: { target: '.end', actions: count },
      E4: { target: '#b', guard: not(odd), actions: count },
    },
    states: {
      deep: {
        initial: 'a',
        invoke: [work('deep'), work('deep too')],
        on: {
          SELF: { target: 'deep', actions: count },
          ANEW: { target: 'deep', reenter: true, actions: count },
          FORBIDDEN: undefined,
          E0: [
            { target: '.b', guard: odd, actions: count },
            { target: '.c.y', actions: count },
          ],
          E1: { target: 'entered', actions: count },
        },
        states: {
          a: {
            invoke: {
              ...work('a'),
              onDone: { target: 'b', actions: count },
              onError: { target: '#menagerie.end', actions: count },
            },
          },
          b: {
            id: 'b',
            ...leaves('b')['b'],
            on: { E0: { guard: odd, actions: count }, E1: { target: 'c', actions: [count, count] } },
          },
          c: {
            initial: 'x',
            invoke: work('c'),
            on: {
              E2: { target: '#menagerie.deep.c.y', actions: count },
              E3: { target: 'c', actions: count, guard: 'odd' },
            },
            states: leaves('x', 'y', 'z'),
          },
        },
      },
      entered: { entry: count, exit: count, on: { '*': { target: 'wild', actions: count } } },
      wild: { on: { 'E.*': { target: 'always', actions: count }, E2: { target: 'history', actions: 'count' } } },
      always: { always: [{ target: 'regions', guard: odd }, { target: 'deep.b' }] },
      history: {
        initial: 'one',
        states: { one: { on: { E0: { target: 'two', actions: count } } }, two: {}, back: { type: 'history' } },
        on: { E1: { target: 'regions', actions: count }, E2: { target: '.back', actions: count } },
      },
      regions: {
        type: 'parallel',
        onDone: { target: 'history.back', actions: count },
        states: {
          left: {
            initial: 'l',
            states: { l: { invoke: work('l'), on: { E0: { target: 'm', actions: count } } }, m: { type: 'final' } },
          },
          right: { initial: 'l', states: { l: { invoke: work('r'), on: { E3: 'm' } }, m: { type: 'final' } } },
        },
        on: { E2: { target: ['.left.m', '.right.m'], actions: count }, E1: { target: 'deep.c', actions: count } },
      },
      end: { type: 'final' },
    },
  } as never) as unknown as AnyStateMachine
}

test('of any other chart too', t => {
  const events = [
    'DEEP',
    'AGAIN',
    'STAY',
    'END',
    'SELF',
    'ANEW',
    'FORBIDDEN',
    'E.x',
    'E0',
    'E1',
    'E2',
    'E3',
    'E4',
    'done',
    'failed',
  ]
  const weights = events.map(type => ({ weight: type === 'END' ? 1 : 8, arbitrary: fc.constant(type) }))
  const reached = new Set<string>()
  fc.assert(
    fc.property(fc.array(fc.oneof(...weights), { maxLength: 40, size: 'max' }), types => {
      const machine = tabulateAndCompare(withActors(menagerie(), () => () => () => {}))
      const actor = createActor(machine, { input: { at: 0, event: { type: 'CREATE' }, data: null, input: null } })
      actor.subscribe({ error() {} })
      actor.start()
      for (const type of types) {
        const { children, value } = actor.getSnapshot() as AnyMachineSnapshot
        const id = Object.keys(children).at(-1) ?? 'none'
        const answer = { done: `xstate.done.actor.${id}`, failed: `xstate.error.actor.a` }[type]
        actor.send({ type: answer ?? type })
        reached.add(JSON.stringify(value))
      }
      actor.stop()
    }),
    { numRuns: SEQUENCES },
  )
  t.true(reached.size >= 9, [...reached].join(' '))
})

test('this XState does inside what the table relies on', t => {
  t.notThrows(checkXState)
})
