import { checkFunction, checkOptions, checkSchema } from '../record/check.ts'
import type { IsolateMode } from './options.ts'
import { show } from '../record/show.ts'
import type { ClassSpec, FactorySpec, ModuleSpec, Name, Work } from './work.ts'

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
  if (!isConstructor(value)) throw new TypeError(`class of ${what} must be a class; received ${show(value)}`)
  // An `execute` that is a field or comes from a getter shows only on the object, so its absence proves nothing here.
  const execute = Object.getOwnPropertyDescriptor(value.prototype ?? {}, 'execute')
  if (execute === undefined || execute.get || typeof execute.value === 'function') return value
  throw new TypeError(`class of ${what} must have a function execute(data, context); its execute is ${show(execute.value)}`)
}

function checkServices(value: unknown, what: string): readonly Name[] {
  if (Array.isArray(value) && value.every(name => typeof name === 'string' && name !== '')) return Object.freeze([...value])
  throw new TypeError(`services of ${what} must be an array of names of services; received ${show(value)}`)
}

function checkArgs(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return Object.freeze([...value])
  throw new TypeError(`args of ${what} must be an array; received ${show(value)}`)
}

function checkSpec(value: object, what: string): ClassSpec | FactorySpec {
  const spec = checkOptions(value, `object spec of ${what}`, ['class', 'factory', 'services', 'args'])
  if ('class' in spec === 'factory' in spec) {
    throw new TypeError(`object spec of ${what} must have either class or factory; received ${show(value)}`)
  }
  return Object.freeze({
    ...('class' in spec
      ? { class: checkClass(spec['class'], what) }
      : { factory: checkFunction<FactorySpec['factory']>(spec['factory'], `factory of ${what}`) }),
    ...(spec['services'] !== undefined && { services: checkServices(spec['services'], what) }),
    ...(spec['args'] !== undefined && { args: checkArgs(spec['args'], what) }),
  })
}

function checkModule(value: object, what: string): ModuleSpec {
  const { module, export: exported, type } = checkOptions(value, `module spec of ${what}`, ['module', 'export', 'type'])
  if (!(module instanceof URL))
    throw new TypeError(`module of ${what} must be a URL like new URL('./work.js', import.meta.url); received ${show(module)}`)
  if (exported !== undefined && (typeof exported !== 'string' || exported === ''))
    throw new TypeError(`export of ${what} must be the name of an export; received ${show(exported)}`)
  if (type !== undefined) checkSchema(type, `type of ${what}`)
  return Object.freeze({ module: new URL(module), ...(exported !== undefined && { export: exported }) })
}

/**
 * A step's `isolate`. Only modules can cross to another thread: functions would leave what they close over behind, objects their services.
 * @throws TypeError
 */
export function checkIsolate(isolate: unknown, work: Work, what: string): { isolate?: IsolateMode } {
  if (isolate === undefined) return {}
  if (isolate !== 'thread' && isolate !== 'process')
    throw new TypeError(`isolate of ${what} must be 'thread' or 'process'; received ${show(isolate)}`)
  if (typeof work === 'object' && 'module' in work) return { isolate }
  const which = typeof work === 'function' ? 'a function' : 'an object spec'
  throw new TypeError(
    `isolate of ${what} needs a module, { module: new URL('./work.js', import.meta.url) }: ${which} cannot cross to another ${isolate}`,
  )
}

/**
 * A step's work, as far as it can be checked before it runs. Specs are copied, so that a later change of them changes nothing.
 * @throws TypeError
 */
export function checkWork(work: unknown, what: string): Work {
  if (typeof work === 'function') {
    if (!isClassDeclaration(work)) return work as Work
    throw new TypeError(`work of ${what} is ${show(work)}: give an object spec instead, { class: ${work.name || 'TheClass'} }`)
  }
  if (typeof work === 'object' && work !== null) return 'module' in work ? checkModule(work, what) : checkSpec(work, what)
  throw new TypeError(`work of ${what} must be a function, { class }, { factory } or { module }; received ${show(work)}`)
}
