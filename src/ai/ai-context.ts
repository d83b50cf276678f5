import type { StepContext } from '../steps/work.ts'

/** The parts of a step's context that the model and the tools use. */
export type AiContext = Pick<StepContext, 'once' | 'write' | 'log' | 'waitFor'>
