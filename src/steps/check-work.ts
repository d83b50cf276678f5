import { checkFunction, checkOptions } from './check.ts'
import { show } from './show.ts'
import type { ClassSpec, FactorySpec, Name, Work } from './work.ts'

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

/**
 * A step's work, as far as it can be checked before it runs. Specs are copied, so that a later change of them changes nothing.
 * @throws TypeError
 */
export function checkWork(work: unknown, what: string): Work {
  if (typeof work === 'function') {
    if (!isClassDeclaration(work)) return work as Work
    throw new TypeError(`work of ${what} is ${show(work)}: give an object spec instead, { class: ${work.name || 'TheClass'} }`)
  }
  if (typeof work === 'object' && work !== null) return checkSpec(work, what)
  throw new TypeError(`work of ${what} must be a function, { class } or { factory }; received ${show(work)}`)
}
