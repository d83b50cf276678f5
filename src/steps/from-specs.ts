import { checkOptions, isObject, mustBe } from '../record/check.ts'
import type { InputOf } from './data-flow.ts'
import { defineProcess, PROCESS_CHECKS, type ProcessOptions } from './define-process.ts'
import type { ProcessDefinition } from '../record/definition.ts'
import { show } from '../record/show.ts'
import type { StandardSchemaV1 as Schema } from '../record/standard-schema.ts'
import type { Checked, Intersect, NeedsOf } from './work-types.ts'
import type { ClassSpec, FactorySpec } from './work.ts'

/** Options of a definition, except its name and its services, which follow from the specs. */
export type SpecsOptions<S = Schema | undefined> = Omit<ProcessOptions<S>, 'name' | 'services'>

const { name: _name, services: _services, ...CHECKS } = PROCESS_CHECKS

/**
 * Makes a definition from a plain record of object specs. The order of its properties is the order
 * of the steps. Whether the output of one step fits the next one is not checked.
 * @throws TypeError for a bad name, spec or option
 * @example fromSpecs('import', { read: { class: Read, args: ['utf8'] }, store: { factory: makeStore, services: ['db'] } }, { timeout: '5m' })
 */
export function fromSpecs<R extends Record<string, ClassSpec | FactorySpec>, S extends Schema | undefined = undefined>(
  name: string,
  specs: R & { [K in keyof R]: Checked<R[K]> },
  options: SpecsOptions<S> = {},
): ProcessDefinition<
  InputOf<S>,
  unknown,
  Intersect<{ [K in keyof R]-?: NeedsOf<NonNullable<R[K]>> }>,
  keyof R & string,
  never
> {
  const what = `process ${show(name)}`
  checkOptions(options, what, CHECKS)
  if (!isObject(specs)) throw mustBe(`specs of ${what}`, 'an object with a spec for each step', specs)
  let definition = defineProcess({ ...options, name } as { name: string }) as any
  for (const [step, spec] of Object.entries(specs)) definition = definition.step(step, spec)
  return definition
}
