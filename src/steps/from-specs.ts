import { checkOptions } from '../record/check.ts'
import type { InputOf } from './data-flow.ts'
import { defineProcess } from './define-process.ts'
import type { ProcessDefinition } from '../record/definition.ts'
import type { Duration } from '../record/duration.ts'
import { show } from '../record/show.ts'
import type { StandardSchemaV1 as Schema } from '../record/standard-schema.ts'
import type { Checked, Intersect, NeedsOf } from './work-types.ts'
import type { ClassSpec, FactorySpec } from './work.ts'

export interface SpecsOptions<S = Schema | undefined> {
  version?: string | undefined
  input?: S
  timeout?: Duration | undefined
}

/**
 * A definition from a plain record of object specs, which become steps in the record's order.
 * What one step returns is not checked against what the next one takes.
 * @throws TypeError
 * @example fromSpecs('import', { read: { class: Read, args: ['utf8'] }, store: { factory: makeStore, services: ['db'] } }, { timeout: '5m' })
 */
export function fromSpecs<R extends Record<string, ClassSpec | FactorySpec>, S extends Schema | undefined = undefined>(
  name: string,
  specs: R & { [K in keyof R]: Checked<R[K]> },
  options: SpecsOptions<S> = {},
): ProcessDefinition<InputOf<S>, unknown, Intersect<{ [K in keyof R]: NeedsOf<R[K]> }>, keyof R & string> {
  checkOptions(options, `options of process ${show(name)}`, ['version', 'input', 'timeout'])
  if (typeof specs !== 'object' || specs === null || Array.isArray(specs)) {
    throw new TypeError(`specs of process ${show(name)} must be an object with a spec for each step; received ${show(specs)}`)
  }
  let definition = defineProcess({ ...options, name } as { name: string }) as any
  for (const [step, spec] of Object.entries(specs)) definition = definition.step(step, spec)
  return definition
}
