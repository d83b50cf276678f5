import { check, checkFunction, checkOptions, checkSchema, mustBe, oneOf, type Check } from '../record/check.ts'
import { toMs } from '../record/duration.ts'
import { planRetry } from './retry.ts'
import type { IsolateMode } from './work-options.ts'
import type { ClassSpec, FactorySpec, ModuleSpec, Name, UserFunction, Work } from './work.ts'

type AnyClass = ClassSpec['class']

function isConstructor(value: unknown): value is AnyClass {
  try {
    // Asks for [[Construct]] without running the constructor: it is only the new.target here.
    Reflect.construct(Object, [], value as AnyClass)
    return true
  } catch {
    return false
  }
}

const isClassDeclaration = (value: Function): boolean => /^class\b/.test(Function.prototype.toString.call(value))

function checkClass(value: unknown, what: string): AnyClass {
  if (!isConstructor(value)) throw mustBe(what, 'a class', value)
  // An `execute` that is a field or comes from a getter shows only on the object, so its absence
  // proves nothing here.
  const execute = Object.getOwnPropertyDescriptor(value.prototype ?? {}, 'execute')
  if (execute === undefined || execute.get || typeof execute.value === 'function') return value
  throw mustBe(`execute of ${what}`, 'a function of (data, context)', execute.value)
}

const isName = (value: unknown): boolean => typeof value === 'string' && value !== ''

function checkArray(rule: string, test: (value: unknown) => boolean): Check<readonly unknown[]> {
  const checkAll = check<readonly unknown[]>(rule, value => Array.isArray(value) && value.every(test))
  return (value, what) => Object.freeze([...checkAll(value, what)])
}

const checkArgs = checkArray('an array, or a function that returns one', () => true)

const SPEC_CHECKS = {
  class: checkClass,
  factory: checkFunction<FactorySpec['factory']>,
  services: checkArray('an array of names of services', isName) as Check<readonly Name[]>,
  args: (value: unknown, what: string) => (typeof value === 'function' ? value : checkArgs(value, what)),
}

function checkSpec(value: object, what: string): ClassSpec | FactorySpec {
  const title = `object spec of ${what}`
  const spec = checkOptions(value, what, SPEC_CHECKS, title)
  if ('class' in value === 'factory' in value) throw mustBe(title, 'an object with either class or factory', value)
  if ('class' in value) SPEC_CHECKS.class(value.class, `class of ${what}`)
  else SPEC_CHECKS.factory((value as Partial<FactorySpec>).factory, `factory of ${what}`)
  return Object.freeze(spec as ClassSpec | FactorySpec)
}

const MODULE_CHECKS = {
  module: check<URL>(`a URL like new URL('./work.js', import.meta.url)`, value => value instanceof URL),
  export: check<string>('the name of an export', isName),
  type: checkSchema,
}

function checkModule(value: object, what: string): ModuleSpec {
  const { module, export: exported } = checkOptions(value, what, MODULE_CHECKS, `module spec of ${what}`)
  return Object.freeze({
    module: new URL(MODULE_CHECKS.module(module, `module of ${what}`)),
    ...(exported !== undefined && { export: exported }),
  })
}

export const checkIsolate: Check<IsolateMode> = oneOf('thread', 'process')

/** The checks of `WorkOptions`. */
export const WORK_CHECKS = { timeout: toMs, retry: planRetry, isolate: checkIsolate }

export const checkWhen = checkFunction<UserFunction>

function planWork(work: unknown, what: string): Work {
  if (typeof work === 'function') {
    if (!isClassDeclaration(work)) return work as Work
    throw mustBe(`work of ${what}`, `a function, or { class: ${work.name || 'TheClass'} } for a class`, work)
  }
  if (typeof work === 'object' && work !== null)
    return 'module' in work ? checkModule(work, what) : checkSpec(work, what)
  throw mustBe(`work of ${what}`, 'a function, { class }, { factory } or { module }', work)
}

/**
 * A step's work, as far as it can be checked before it runs. Specs are copied, so that a later
 * change of them changes nothing.
 * @param isolate Only modules can cross to another thread: functions would leave what they close
 * over behind, objects their services
 * @throws TypeError
 */
export function checkWork(given: unknown, what: string, isolate?: IsolateMode): Work {
  const work = planWork(given, what)
  if (isolate === undefined || (typeof work === 'object' && 'module' in work)) return work
  throw mustBe(
    `work of ${what}`,
    `a module to run in a ${isolate} of its own: { module: new URL('./work.js', import.meta.url) }`,
    given,
  )
}
