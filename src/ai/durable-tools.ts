import type { Tool, ToolExecutionOptions } from 'ai'
import type { AiContext } from './ai-context.ts'

/** A tool of the AI SDK. */
export type DurableTool = Tool & {
  /** Whether a person has to approve each call of it before it runs. */
  readonly approve?: true
}

/** What `proceed` brings for the call of a tool that a person has to approve. */
export interface Approval {
  readonly approved: boolean
  /** Told to the model if it was not. */
  readonly reason?: string
}

type Execute = (input: unknown, options: ToolExecutionOptions<any>) => unknown

/**
 * Tools that run once per call of the model: each later attempt at the step gets the output from
 * the store. What a tool throws is not remembered.
 *
 * A tool with `approve: true` waits for a person, for weeks and through restarts: the process is
 * `interrupted` until `proceed(pid, { approved: true }, { name: 'approve:<tool>:<id>' })`. The log of
 * the process says what the model wants to do.
 *
 * @param context of the step
 * @example tools: durableTools({ search, refund: { ...refund, approve: true } }, context)
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
  // A tool without `execute` is run by the client or the provider.
  if (execute === undefined) return tool
  const once: Execute = async (input, { toolCallId, ...options }) => {
    const call = `${name}:${toolCallId}`
    if (tool.approve === true) await approved(name, call, input, context)
    return context.once(`tool:${call}`, async () => (await lastOf(execute(input, { toolCallId, ...options }))) as never)
  }
  return { ...tool, execute: once }
}

async function approved(tool: string, call: string, input: unknown, context: AiContext): Promise<void> {
  // Logged once, however often the step begins anew.
  await context.once(`ask:${call}`, () => {
    context.log(`the tool ${tool} waits for approval`, { name: `approve:${call}`, input })
    return null
  })
  const answer = await context.waitFor<Approval>(`approve:${call}`, { schema: APPROVAL })
  if (!answer.approved)
    throw new Error(`A person has not approved this call${answer.reason === undefined ? '' : `: ${answer.reason}`}`)
}

const APPROVAL_JSON = {
  type: 'object',
  properties: { approved: { type: 'boolean' }, reason: { type: 'string' } },
  required: ['approved'],
}

/** A Standard Schema that is available as JSON Schema too, so that a form can be made of it. */
const APPROVAL = {
  '~standard': {
    version: 1 as const,
    vendor: 'stepwright',
    validate(value: unknown) {
      const { approved: is, reason } = (value ?? {}) as Partial<Record<keyof Approval, unknown>>
      if (typeof is === 'boolean' && (reason === undefined || typeof reason === 'string'))
        return { value: { approved: is, ...(reason !== undefined && { reason }) } }
      return { issues: [{ message: 'must be { approved: true }, or { approved: false, reason? }' }] }
    },
    jsonSchema: { input: () => APPROVAL_JSON, output: () => APPROVAL_JSON },
  },
}

/** A tool may give preliminary results: the last one counts. */
async function lastOf(result: unknown): Promise<unknown> {
  if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return result
  let last: unknown
  for await (const one of result as AsyncIterable<unknown>) last = one
  return last
}
