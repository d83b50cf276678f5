import type { CallToolResult } from '@modelcontextprotocol/server'
import { StepwrightError } from '../errors.ts'
import { PROCESS_STATUSES } from '../record/record.ts'
import type { JsonSchema } from './json-schema.ts'
import type { McpClient } from './mcp-client.ts'
import { endOf, failureOf, resultOf } from './results.ts'

type Arguments = Readonly<Record<string, unknown>>

interface StoreTool {
  readonly description: string
  readonly properties: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly steers?: true
  run(client: McpClient, args: Arguments): Promise<CallToolResult>
}

const PID = { type: 'string', description: 'The pid of the process: 20 digits and lower-case letters' } as const
const LIMIT = { type: 'integer', minimum: 1, maximum: 200, description: 'At most so many. Default 20' } as const

const pidOf = ({ pid }: Arguments): string => pid as string
const limitOf = ({ limit = 20 }: Arguments): number => Math.min(200, limit as number)

const TOOLS: Readonly<Record<string, StoreTool>> = {
  list_processes: {
    description: 'Lists processes, newest first: pid, name, status, times, and the step that each is in.',
    properties: {
      name: { type: 'string', description: 'Only processes of this definition' },
      status: {
        type: 'string',
        enum: PROCESS_STATUSES,
      },
      limit: LIMIT,
    },
    async run(client, args) {
      const { name, status } = args
      const found = client.list({
        limit: limitOf(args),
        ...(name !== undefined && { name }),
        ...(status !== undefined && { status }),
      } as never)
      const processes = (await Array.fromAsync(found)).map(info => ({
        pid: info.pid,
        name: info.name,
        status: info.status,
        createdAt: info.createdAt,
        updatedAt: info.updatedAt,
        step: info.steps.find(({ startedAt, endedAt }) => startedAt !== undefined && endedAt === undefined)?.name,
        ...(info.error && { error: `${info.error.name}: ${info.error.message}` }),
      }))
      return resultOf({ processes })
    },
  },
  show_process: {
    description: 'Shows everything about one process: input, output, error, steps, progress, host.',
    properties: { pid: PID },
    required: ['pid'],
    async run(client, args) {
      const info = await client.get(pidOf(args))
      return info === undefined ? failureOf(`There is no process ${JSON.stringify(args['pid'])}`) : resultOf(info)
    },
  },
  get_result: {
    description: 'Gives the output of a process that has ended, or says what it does now.',
    properties: { pid: PID },
    required: ['pid'],
    async run(client, args) {
      const info = await client.get(pidOf(args))
      if (info === undefined) return failureOf(`There is no process ${JSON.stringify(args['pid'])}`)
      return info.endedAt === undefined ? stillGoing(info) : endOf(info)
    },
  },
  get_logs: {
    description: 'Gives what the steps of a process logged, the newest entries last.',
    properties: { pid: PID, limit: LIMIT },
    required: ['pid'],
    async run(client, args) {
      const entries = await Array.fromAsync(client.logs(pidOf(args)))
      return resultOf({ entries: entries.slice(-limitOf(args)) })
    },
  },
  get_history: {
    description: 'Gives the transitions of a process, oldest first: what happened, when, in which step.',
    properties: { pid: PID, limit: LIMIT },
    required: ['pid'],
    async run(client, args) {
      const records = await client.history(pidOf(args))
      const transitions = records.map(({ revision, updatedAt, status, event }) => ({
        revision,
        at: updatedAt,
        status,
        event: event.type,
        ...(event.step !== undefined && { step: event.step }),
      }))
      return resultOf({ transitions: transitions.slice(-limitOf(args)) })
    },
  },
  proceed_process: {
    description: 'Continues an interrupted process, with data if its step asks for some.',
    properties: {
      pid: PID,
      data: { description: 'Any JSON' },
      name: { type: 'string', description: 'What the answer is for, if the process waits for several things' },
    },
    required: ['pid'],
    steers: true,
    async run(client, args) {
      const { data, name } = args
      return resultOf({ outcome: await client.proceed(pidOf(args), data, { name: name as string | undefined }) })
    },
  },
  cancel_process: {
    description: 'Ends a process in `cancelled`, whatever it is doing.',
    properties: { pid: PID, reason: { type: 'string' } },
    required: ['pid'],
    steers: true,
    run: async (client, args) =>
      resultOf({ outcome: await client.cancel(pidOf(args), args['reason'] as string | undefined) }),
  },
  retry_process: {
    description: 'Tries a failed process again, from the step that failed, as a new process. Gives its pid.',
    properties: { pid: PID },
    required: ['pid'],
    steers: true,
    run: async (client, args) => resultOf({ pid: await client.retry(pidOf(args)) }),
  },
  fork_process: {
    description: 'Begins a new process where a step of another one began. Gives its pid.',
    properties: { pid: PID, from: { type: 'string', description: 'The step. Default: the one that failed' } },
    required: ['pid'],
    steers: true,
    async run(client, args) {
      const { from } = args
      return resultOf({
        pid: await client.fork(pidOf(args), from === undefined ? {} : { from: from as string }),
      })
    },
  },
}

/** A process that has not ended: its state, and the tool to ask later. */
export const stillGoing = (info: {
  readonly pid: string
  readonly status: string
  readonly name: string
  readonly output?: unknown
}): CallToolResult =>
  resultOf({
    pid: info.pid,
    name: info.name,
    status: info.status,
    ...(info.output !== undefined && { output: info.output }),
    next:
      info.status === 'interrupted'
        ? 'It waits for somebody to proceed: show_process says in which step'
        : 'It goes on: get_result has its output once it has ended',
  })

/** The tools over a store: those that change processes only with `steering`. */
export function storeTools(steering: boolean): {
  readonly declarations: readonly { name: string; description: string; inputSchema: JsonSchema }[]
  /** `undefined`: there is no such tool. */
  call(client: McpClient, name: string, args: Arguments): Promise<CallToolResult> | undefined
} {
  const tools = Object.entries(TOOLS).filter(([, { steers }]) => steering || steers === undefined)
  const byName = new Map(tools)
  return {
    declarations: tools.map(([name, { description, properties, required = [], steers }]) => ({
      name,
      description,
      inputSchema: { type: 'object', properties, required },
      annotations: { readOnlyHint: steers === undefined },
    })),
    call: (client, name, args) => byName.get(name)?.run(client, args).catch(asResult),
  }
}

/** Makes a result, which a model reads, of an error that the caller can do something about. */
export function asResult(error: unknown): CallToolResult {
  if (error instanceof StepwrightError) return failureOf(`${error.code}: ${error.message}`)
  if (error instanceof TypeError) return failureOf(error.message)
  throw error
}
