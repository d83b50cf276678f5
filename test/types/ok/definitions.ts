/** Definitions as values: loops, generics, assignability, arguments that may be left out. */
import { expectTypeOf } from 'expect-type'
import { z } from 'zod'
import type { ProcessBuilder } from '../../../src/steps/kinds/builder.ts'
import { defineProcess } from '../../../src/steps/define-process.ts'
import type { ProcessDefinition, ProcessInput, ProcessServices } from '../../../src/record/definition.ts'
import { typed } from '../../../src/steps/typed.ts'

const p = defineProcess({ name: 'p', input: typed<{ n: number }>() })

// Names of every length that is allowed, and too long ones, which are refused at run time
defineProcess({ name: 'abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvwxyz' })
defineProcess({
  name: 'abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-0123456789',
})

// Built in a loop
let looped: ProcessBuilder<any, any, any, any, any> = defineProcess({ name: 'loop' })
for (let i = 0; i < 3; i++) looped = looped.step(`s${i}`, ({ data }) => ({ n: data.n + 1 }))

// A function over any definition
function describe<D extends ProcessDefinition>(definition: D) {
  return definition.steps.map(step => step.name)
}
describe(p)
describe(looped)
export const start = (definition: ProcessDefinition<{ n: number }, string>) =>
  definition.run({ n: 1 }, { services: {} })

// A generic factory
export function generic<T extends { id: string }>(load: (id: string) => Promise<T>) {
  return defineProcess({ name: 'generic', input: typed<{ id: string }>() }).step(
    'load',
    ({ data }) => load(data.id) as Promise<any>,
  )
}

// Who gives more input than is needed may use it; who gives less may not.
export const narrower: ProcessDefinition<{ n: number; m: string }, number> = p.step('x', () => 1)
// @ts-expect-error needs more input than promised
export const wider: ProcessDefinition<{ n: number }> = defineProcess({
  name: 'w',
  input: typed<{ n: number; m: string }>(),
}).step('x', () => 1)

// Input may be left out where there is no schema, or it allows undefined.
await defineProcess({ name: 'none' })
  .step('x', () => 1)
  .run()
await defineProcess({ name: 'optional', input: z.object({ a: z.string() }).optional() })
  .step('x', ({ data }) => data?.a)
  .run()
const needsDb = defineProcess({ name: 'needs-db', services: typed<{ db: { q(): string } }>() }).step(
  'x',
  ({ services }) => services.db.q(),
)
await needsDb.run(undefined, { services: { db: { q: () => 'x' } }, signal: AbortSignal.timeout(1) })
// @ts-expect-error services are missing
await needsDb.run(undefined)

const kid = defineProcess({ name: 'kid', input: z.object({ n: z.number(), x: z.string().default('x') }) }).step(
  'z',
  ({ data }) => ({
    z: data.x,
  }),
)
expectTypeOf<ProcessInput<typeof p | typeof kid>>().toEqualTypeOf<
  { n: number } & { n: number; x?: string | undefined }
>()
expectTypeOf<ProcessServices<typeof p>>().toEqualTypeOf<{}>()
