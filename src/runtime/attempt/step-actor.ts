import type { ActorSystem, AnyActorRef, PromiseActorLogic } from 'xstate'
import { checkOptions } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { checkWork, WORK_CHECKS } from '../../steps/check-work.ts'
import { isMachine } from '../../steps/kinds/machine-like.ts'
import type { ProcessPlan } from '../../steps/plan.ts'
import type { PlannedRetry } from '../../steps/retry.ts'
import type { IsolateMode, WorkOptions } from '../../steps/work-options.ts'
import type { Args, Demand } from '../../steps/work-types.ts'
import type { Name, StepContext, Work } from '../../steps/work.ts'
import { fromAnswer, type Answer } from './actors.ts'

/** The work of a step actor, with its options checked. */
export interface ActorPlan {
  readonly work: Work
  /** Of one attempt. */
  readonly timeoutMs?: number
  readonly retry?: PlannedRetry
  /** The work is a module then. */
  readonly isolate?: IsolateMode
}

/** Begins the work of a step actor of its machine. Returns what to do when the actor is stopped. */
export type BeginActor = (actor: AnyActorRef, plan: ActorPlan, begun: BegunActor, answer: Answer) => () => void

/** How a step actor begins. */
export interface BegunActor {
  readonly input: unknown
  /** It was under way when its machine was recorded. */
  readonly isRestored: boolean
}

/** Of each machine that runs in a step, by its actor system. */
const hosts = new WeakMap<ActorSystem<any>, BeginActor>()
const plans = new WeakMap<object, ActorPlan>()

/** From now on, the step actors of a machine begin by `begin`. */
export const hostStepActors = (system: ActorSystem<any>, begin: BeginActor): unknown => hosts.set(system, begin)

/**
 * An actor for the machine of a `.machine()` step: work with all that a step has. `data` of its
 * context is the input of the actor. Its outcome is in the store before the machine sees it.
 * @throws TypeError
 * @example
 * setup({ actors: { think: stepActor(async ({ data, services }: StepContext<Turn, Services>) => ..., { retry: 3 }) } })
 */
export function stepActor<
  Data,
  Output,
  P extends any[] = [],
  S extends readonly Name[] | [] = [],
  A extends Args<any> = [],
>(
  work: Work<StepContext<Data, any, any>, Output, P, S, A> & Demand<Output, P, S, A>,
  options: WorkOptions = {},
): PromiseActorLogic<Awaited<Output>, Data> {
  const what = 'stepActor()'
  const { timeout, ...checked } = checkOptions(options, what, WORK_CHECKS)
  const plan: ActorPlan = {
    work: checkWork(work, what, checked.isolate),
    ...defined({ ...checked, timeoutMs: timeout }),
  }
  const logic = fromAnswer<unknown>((input, answer, { self, isRestored }) => {
    const begin = hosts.get(self.system)
    if (begin !== undefined) return begin(self, plan, { input, isRestored }, answer)
    answer.reject(
      new TypeError(
        'A stepActor() works in the machine of a .machine() step only. Elsewhere, give the machine another actor: machine.provide({ actors })',
      ),
    )
    return () => {}
  })
  plans.set(logic, plan)
  return logic as unknown as PromiseActorLogic<Awaited<Output>, Data>
}

/** The step actors of the machines of a definition, at every depth. */
export const stepActorsOf = ({ steps }: ProcessPlan): ActorPlan[] =>
  steps.flatMap(step => ('machine' in step ? actorsOf(step.machine) : []))

function actorsOf(logic: unknown): ActorPlan[] {
  const plan = plans.get(logic as object)
  if (plan !== undefined) return [plan]
  return isMachine(logic) ? Object.values(logic.implementations.actors).flatMap(actorsOf) : []
}
