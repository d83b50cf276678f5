export { durableModel } from './durable-model.ts'
export { durableTools, type Approval, type DurableTool } from './durable-tools.ts'
export type { AiContext } from './ai-context.ts'
