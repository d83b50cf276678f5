import type { Tool, ToolExecutionOptions } from 'ai'
import type { AiContext } from './ai-context.ts'

/** A tool of the AI SDK. */
export type DurableTool = Tool

type Execute = (input: unknown, options: ToolExecutionOptions<any>) => unknown

/**
 * Tools that run once per call of the model: each later attempt at the step gets the output from
 * the store. What a tool throws is not remembered.
 *
 * @param context of the step
 * @example tools: durableTools({ search }, context)
 */
export function durableTools<Tools extends Readonly<Record<string, DurableTool>>>(
  tools: Tools,
  context: AiContext,
): Tools {
  const wrapped = Object.entries(tools).map(([name, tool]) => [name, durableTool(name, tool, context)] as const)
  return Object.fromEntries(wrapped) as unknown as Tools
}

function durableTool(name: string, tool: DurableTool, context: AiContext): DurableTool {
  const execute = (tool as { readonly execute?: Execute }).execute
  // What the client or the provider executes is none of ours.
  if (execute === undefined) return tool
  const once: Execute = (input, options) =>
    context.once(`tool:${name}:${options.toolCallId}`, async () => (await lastOf(execute(input, options))) as never)
  return { ...tool, execute: once }
}

/** A tool may give preliminary results: the last one counts. */
async function lastOf(result: unknown): Promise<unknown> {
  if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return result
  let last: unknown
  for await (const one of result as AsyncIterable<unknown>) last = one
  return last
}
