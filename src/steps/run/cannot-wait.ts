import { StepwrightError } from '../../errors.ts'
import { show } from '../../record/show.ts'
import type { StepContext } from '../work.ts'

/** @param where names what cannot wait */
export const cannotWait = (call: string, name: unknown, where: string): StepwrightError =>
  new StepwrightError(
    'ERR_CANNOT_WAIT',
    `${call}(${show(name)}) cannot wait in ${where}: only the work of a step can, which is no branch and no item, is not isolated, and runs under a runtime`,
  )

/** What the context of such work has. */
export const waitsRefused = (where: string): Pick<StepContext, 'waitFor' | 'sleep'> => ({
  waitFor: async (name: string) => {
    throw cannotWait('waitFor', name, where)
  },
  sleep: async (name: string) => {
    throw cannotWait('sleep', name, where)
  },
})
