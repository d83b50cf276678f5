import * as fc from 'fast-check'
import { createMachine } from 'xstate'
import { defineProcess } from '../../src/steps/define-process.ts'
import type { PlannedStep } from '../../src/steps/kinds/kinds.ts'
import { waitingWork } from './events.ts'
import type { UndoStep } from '../../src/steps/kinds/undo.ts'
import type { ProcessPlan } from '../../src/steps/plan.ts'

const work = () => null
const optional = <T extends object>(arbitrary: fc.Arbitrary<T>) => fc.oneof(fc.constant({}), arbitrary)

const child = defineProcess({ name: 'child' }).step('x', work)
const machine = createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: { type: 'final' } } })
const retry = (max: number) =>
  optional(
    fc.record({
      retry: fc.record({
        attempts: fc.integer({ min: 2, max }),
        delayMs: fc.nat(9_000),
        factor: fc.constant(2),
        maxDelayMs: fc.constant(9_000),
        jitter: fc.boolean(),
      }),
    }),
  )
/** How a step is undone, given its name. */
const undo = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.tuple(retry(2), optional(fc.constant({ whenBegun: true as const }))).map(([retry, whenBegun]) => ({
      undo: { kind: 'undo' as const, way: 'work' as const, work, timeoutMs: 1_000, ...retry, ...whenBegun },
    })),
  },
)
const undone = <U extends { readonly undo?: object }>(name: string, given: U) =>
  given.undo && { undo: { name: `${name}.undo`, of: name, ...given.undo } as UndoStep }
const when = optional(fc.constant({ when: () => true }))
const timeoutMs = optional(fc.record({ timeoutMs: fc.nat(9_000) }))

const kinds: fc.Arbitrary<(name: string) => PlannedStep> = fc.oneof(
  fc
    .tuple(
      when,
      retry(3),
      optional(fc.constant({ interrupt: true as const })),
      fc.constantFrom(work, work, waitingWork),
      undo,
    )
    .map(([when, retry, interrupt, work, undo]) => (name: string): PlannedStep => ({
      kind: 'step',
      name,
      work,
      ...when,
      ...retry,
      ...interrupt,
      ...undone(name, undo),
    })),
  fc
    .tuple(timeoutMs, optional(fc.constant({ otherwise: { data: { late: true } } })))
    .map(([timeout, otherwise]) => (name: string): PlannedStep => ({
      kind: 'interrupt',
      name,
      ...timeout,
      ...('timeoutMs' in timeout && otherwise),
    })),
  fc
    .oneof(fc.record({ ms: fc.nat(9_000) }), fc.record({ at: fc.nat(9_000) }), fc.constant({ compute: () => 1 }))
    .map(until => (name: string): PlannedStep => ({ kind: 'sleep', name, until })),
  fc.tuple(when, fc.boolean(), undo).map(([when, isChild, undo]) => (name: string): PlannedStep => ({
    kind: 'each',
    name,
    items: work,
    concurrency: 2,
    ...(isChild ? { child } : { work }),
    ...when,
    ...undone(name, undo),
  })),
  fc
    .tuple(when, timeoutMs, fc.boolean(), undo)
    .map(([when, timeout, isMachine, undo]) => (name: string): PlannedStep => ({
      ...(isMachine ? { kind: 'machine', machine } : { kind: 'process', child }),
      name,
      ...when,
      ...timeout,
      ...undone(name, undo),
    })),
)

/** Two branches multiply each other's states: a definition has one such step at most. */
const parallel: fc.Arbitrary<(name: string) => PlannedStep> = fc
  .tuple(when, timeoutMs, fc.array(fc.tuple(retry(2), undo), { minLength: 1, maxLength: 2 }), fc.option(fc.nat(2)))
  .map(([when, timeout, retries, tolerated]) => (name: string): PlannedStep => ({
    kind: 'parallel',
    name,
    branches: retries.map(([retry, undo], index) => ({
      kind: 'step',
      name: `${name}.b${index}`,
      work,
      ...retry,
      ...undone(`${name}.b${index}`, undo),
    })),
    ...when,
    ...timeout,
    ...(tolerated !== null && { tolerated: () => tolerated }),
  }))

/** Of all kinds of steps. */
export const definitions: fc.Arbitrary<ProcessPlan> = fc
  .tuple(
    fc.oneof(
      fc.array(kinds, { minLength: 1, maxLength: 3 }),
      fc.tuple(parallel),
      fc.tuple(kinds, parallel),
      fc.tuple(parallel, kinds),
    ),
    fc.option(fc.integer({ min: 1, max: 100_000 })),
  )
  .map(([steps, timeoutMs]) => ({
    name: 'random',
    version: '1',
    steps: steps.map((make, index) => make(`s${index}`)),
    ...(timeoutMs !== null && { timeoutMs }),
  }))
