import { loadModule } from './load-module.ts'
import { checkItems } from './kinds/each.ts'
import { everyStep, type PlannedStep, type ProcessPlan } from './plan.ts'
import { show } from '../record/show.ts'
import type { ClassSpec, FactorySpec, StepContext, Work } from './work.ts'

type Services = Readonly<Record<string, unknown>>

function construct(spec: ClassSpec | FactorySpec, services: Services): unknown {
  const given = [...(spec.services ?? []).map(name => services[name]), ...(spec.args ?? [])]
  return 'class' in spec ? new spec.class(...given) : spec.factory(...given)
}

/** Turns work into a function to be called once an attempt. Object specs are constructed anew each time. */
export function prepare(work: Work, services: object): (context: StepContext<any, any, any>) => unknown {
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

/** The user's code that a step begins with, to be called once an attempt: its work, or what its other work is made of. */
export function begins(step: PlannedStep, services: object): (context: StepContext<any, any, any>) => unknown {
  switch (step.kind) {
    case 'step':
      return prepare(step.work, services)
    case 'each':
      return async context => checkItems(await step.items(context), step.name)
    case 'process':
    case 'machine':
      return step.input ?? (context => context.data)
    case 'parallel':
    case 'interrupt':
    case 'sleep':
      return () => null
  }
}

/** Names of services that object specs need and `services` does not have. */
export function missingServices(plan: ProcessPlan, services: object = {}): string[] {
  const needed = everyStep(plan).flatMap(step =>
    'work' in step && typeof step.work === 'object' && !('module' in step.work) ? (step.work.services ?? []) : [],
  )
  return [...new Set(needed)].filter(name => !(name in services))
}
