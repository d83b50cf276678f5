import type { StepContext } from '../work.ts'

/**
 * `start` of the context of work that has no runtime.
 *
 * @param where names what cannot start
 */
export const startRefused =
  (where: string): StepContext['start'] =>
  async () => {
    throw new TypeError(`start() cannot start a process from ${where}: only work beside its runtime can`)
  }
