import { wakeTime, type SleepStep } from '../../../steps/kinds/sleep.ts'
import type { AttemptKind } from './kind.ts'

/** Computes the time at which a sleep ends. */
export const sleepAttempt: AttemptKind<SleepStep> = {
  perform: async (step, context, { process }) => ({
    until: await wakeTime(step, context, () => process.environment.clock.now()),
  }),
}
