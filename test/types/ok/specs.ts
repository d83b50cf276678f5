/** Object specs: outputs, arguments and services are read from classes and factories. */
import { expectTypeOf } from 'expect-type'
import { defineProcess } from '../../../src/steps/define-process.ts'
import type { ProcessInput, ProcessOutput, ProcessServices } from '../../../src/record/definition.ts'
import { fromSpecs } from '../../../src/steps/from-specs.ts'
import { typed } from '../../../src/steps/typed.ts'
import type { StepContext } from '../../../src/steps/work.ts'

const p = defineProcess({ name: 'specs', input: typed<{ n: number }>() })
interface Options {
  sizes: number[]
  deep: { a: string[][] }
}
const make = (db: { q(): string }, options: Options) => ({
  execute: async (data: { n: number }) => ({ n: data.n, s: options.sizes, q: db.q() }),
})
const services = { db: { q: () => 'q' } }

// A factory with nested arguments
const withFactory = p.step(
  'f',
  { factory: make, services: ['db'], args: [{ sizes: [1, 2], deep: { a: [['x']] } }] },
  { retry: 3 },
)
expectTypeOf(await withFactory.run({ n: 1 }, { services })).toEqualTypeOf<{ n: number; s: number[]; q: string }>()
expectTypeOf<ProcessServices<typeof withFactory>>().toEqualTypeOf<{ db: { q(): string } }>()

// Optional parameters
class Optional {
  constructor(_a?: string, ..._rest: number[]) {}
  execute() {
    return 1
  }
}
p.step('o', { class: Optional })
  .step('o2', { class: Optional, args: ['x'] })
  .step('o3', { class: Optional, args: ['x', 1, 2] })

// An object that takes the context, and one whose execute is a field
class Resize {
  quality: number
  constructor(quality: number) {
    this.quality = quality
  }
  async execute(data: { n: number }, { signal }: StepContext<{ n: number }>) {
    void signal
    return { n: data.n * this.quality }
  }
}
class Field {
  execute = (data: { n: number }) => data.n
}
p.step('r', { class: Resize, args: [5] })
  .step('x', { class: Field })
  .step('y', ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<number>()
  })

// A spec kept in a variable needs `as const`.
class Label {
  label: string
  constructor(db: { q(): string }, label: string) {
    void db
    this.label = label
  }
  execute() {
    return 1
  }
}
const labelSpec = { class: Label, services: ['db'], args: ['x'] } as const
const withLabel = p.step('v', labelSpec).step('x', ({ data }) => data.toFixed())
expectTypeOf<ProcessServices<typeof withLabel>>().toEqualTypeOf<{ db: { q(): string } }>()

// A definition from a record of specs
const record = fromSpecs(
  'record',
  { one: { class: Optional }, two: { factory: make, services: ['db'], args: [{ sizes: [], deep: { a: [] } }] } },
  { timeout: '5m', input: typed<{ n: number }>() },
)
expectTypeOf<ProcessInput<typeof record>>().toEqualTypeOf<{ n: number }>()
expectTypeOf<ProcessOutput<typeof record>>().toEqualTypeOf<unknown>()
expectTypeOf<ProcessServices<typeof record>>().toEqualTypeOf<{ db: { q(): string } }>()
await record.run({ n: 1 }, { services })
await fromSpecs('small', { one: { class: Optional } }).run()
