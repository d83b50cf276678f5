import type { UserFunction } from '../work.ts'

/** All that is special about a kind of step when it is defined. Its states, its attempts and its run in the caller are other layers'. */
export interface Kind<Step> {
  /**
   * Checks what the builder's method was given.
   * @throws TypeError
   */
  plan(name: string, ...given: unknown[]): Step
  /** The user's code that an attempt begins with. A kind without code of the user's has none. */
  begins?(step: Step, services: object): UserFunction
  /** What only a client can bring: a process with such a step cannot run in its caller. */
  waitsFor?(step: Step): 'proceed()' | 'events' | undefined
}
