import { loadModule } from './load-module.ts'
import { show } from '../record/show.ts'
import type { ClassSpec, FactorySpec, UserFunction, Work } from './work.ts'

type Services = Readonly<Record<string, unknown>>

function construct(spec: ClassSpec | FactorySpec, services: Services): unknown {
  const given = [...(spec.services ?? []).map(name => services[name]), ...(spec.args ?? [])]
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
    const object = construct(work, services as Services) as { execute?: unknown } | null | undefined
    if (typeof object?.execute === 'function') return object.execute(context.data, context)
    const maker = 'class' in work ? `class ${work.class.name}` : `factory ${work.factory.name}`
    throw new TypeError(
      `Step '${context.step}': ${maker} must make an object with a function execute(data, context); it made ${show(object)}`,
    )
  }
}
