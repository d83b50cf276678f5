import type { StepContext } from '../steps/work.ts'

/** What of the context of a step the model and the tools use. */
export type AiContext = Pick<StepContext, 'once' | 'write' | 'log' | 'waitFor'>
