import { check } from '../record/check.ts'
import { loadModule } from './load-module.ts'
import { show } from '../record/show.ts'
import type { AnyContext, ClassSpec, FactorySpec, UserFunction, Work } from './work.ts'

type Services = Readonly<Record<string, unknown>>

const checkArgs = check<readonly unknown[]>('an array', Array.isArray)

function construct(spec: ClassSpec | FactorySpec, services: Services, { input, step }: AnyContext): unknown {
  const args =
    typeof spec.args === 'function' ? checkArgs(spec.args({ input }), `args of step '${step}'`) : (spec.args ?? [])
  const given = [...(spec.services ?? []).map(name => services[name]), ...args]
  return 'class' in spec ? new spec.class(...given) : spec.factory(...given)
}

/**
 * Turns work into a function to be called once an attempt. Object specs are constructed anew each
 * time.
 */
export function prepare(work: Work, services: object): UserFunction {
  if (typeof work === 'function') return work
  if ('module' in work) return async context => (await loadModule(work.module, work.export ?? 'default'))(context)
  return context => {
    const object = construct(work, services as Services, context) as { execute?: unknown } | null | undefined
    if (typeof object?.execute === 'function') return object.execute(context.data, context)
    const maker = 'class' in work ? `class ${work.class.name}` : `factory ${work.factory.name}`
    throw new TypeError(
      `Step '${context.step}': ${maker} must make an object with a function execute(data, context); it made ${show(object)}`,
    )
  }
}
