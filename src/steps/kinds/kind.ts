import type { UserFunction } from '../work.ts'

/**
 * All that is special about a kind of step at definition time. Other layers have its states, its
 * attempts, and its run in the caller.
 */
export interface Kind<Step> {
  /**
   * Checks what the builder's method was given.
   * @throws TypeError
   */
  plan(name: string, ...given: unknown[]): Step
  /**
   * The user's function that an attempt calls first. Absent if the kind calls no code of the user.
   */
  begins?(step: Step, services: object): UserFunction
  /** What the step waits for from a client. A process with such a step cannot run in its caller. */
  waitsFor?(step: Step): 'proceed()' | 'events' | undefined
}
