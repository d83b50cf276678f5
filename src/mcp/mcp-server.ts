import {
  CLIENT_CAPABILITIES_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type CallToolResult,
  type ServerContext,
} from '@modelcontextprotocol/server'
import type { Client } from '../client/client.ts'
import { checkFlag, checkOptions, isObject, mustBe } from '../record/check.ts'
import type { ProcessDefinition } from '../record/definition.ts'
import { toMs, type Duration } from '../record/duration.ts'
import type { ProcessInfo } from '../record/info.ts'
import { packageVersion } from '../format/package-files.ts'
import type { StandardSchemaV1 } from '../record/standard-schema.ts'
import { DefinitionTool } from './definition-tools.ts'
import type { McpClient } from './mcp-client.ts'
import { endOf, messageOf } from './results.ts'
import { asResult, stillGoing, storeTools } from './store-tools.ts'
import { createdTask, knowsTasks, Tasks, TASKS_EXTENSION } from './tasks.ts'

/** Options of `mcpServer`. */
export interface McpServerOptions {
  /** A runtime, which runs the processes itself, or a client, which submits them to workers. */
  readonly client: McpClient
  /** The definitions that become tools. Default: none, only the store can be read. */
  readonly processes?: readonly ProcessDefinition[] | undefined
  /** Whether there are tools that change any process of the store. Default false. */
  readonly allowSteering?: boolean | undefined
  /**
   * How long a call waits for the end of its process where the client knows no tasks. Then it
   * answers with the pid. Default '30s'.
   */
  readonly wait?: Duration | undefined
}

const checkProcesses = (value: unknown, what: string): readonly ProcessDefinition[] => {
  if (!Array.isArray(value)) throw mustBe(what, 'an array of definitions', value)
  return value as readonly ProcessDefinition[]
}

const checkClient = (value: unknown, what: string): McpClient => {
  if (!isObject(value) || typeof value['get'] !== 'function') throw mustBe(what, 'a runtime or a client', value)
  return value as unknown as McpClient
}

const CHECKS = { client: checkClient, processes: checkProcesses, allowSteering: checkFlag, wait: toMs }

/** Parameters that are checked where they are used. */
const anything: StandardSchemaV1 = {
  '~standard': { version: 1, vendor: 'stepwright', validate: value => ({ value }) },
}

/**
 * Makes MCP servers for a store: definitions become tools whose calls are tasks, and the store can
 * be read. It returns what the SDK's `serveStdio` and `createMcpHandler` take. Any number of servers
 * may work on a store; a task belongs to the store, and not to the server that created it.
 *
 * @throws TypeError
 * @example serveStdio(mcpServer({ client: runtime, processes: [importDump] }))
 */
export function mcpServer(options: McpServerOptions): () => Server {
  const checked = checkOptions(options, 'mcpServer()', CHECKS)
  const { processes = [], allowSteering = false, wait: waitMs = 30_000 } = checked
  const client = checkClient(checked.client, 'client of mcpServer()')
  const tools = new Map(processes.map(definition => [definition.name, new DefinitionTool(definition)]))
  const store = storeTools(allowSteering)
  const tasks = new Tasks(client, tools)

  async function start(tool: DefinitionTool, args: Readonly<Record<string, unknown>>): Promise<string> {
    const input = tool.inputOf(args)
    return client.start === undefined
      ? client.submit(tool.name, input)
      : (await client.start(tool.definition, input)).pid
  }

  async function call(tool: DefinitionTool, args: Readonly<Record<string, unknown>>, ctx: ServerContext) {
    const pid = await start(tool, args)
    const { envelope, _meta, signal, notify } = ctx.mcpReq
    if (knowsTasks((envelope as Readonly<Record<string, unknown>> | undefined)?.[CLIENT_CAPABILITIES_META_KEY]))
      return createdTask((await client.get(pid))!) as unknown as CallToolResult
    const progressToken = _meta?.progressToken
    const info = await watch(
      client,
      pid,
      AbortSignal.any([signal, AbortSignal.timeout(waitMs)]),
      async (told, progress) => {
        if (progressToken !== undefined)
          await notify({
            method: 'notifications/progress',
            params: { progressToken, progress, message: messageOf(told) },
          })
      },
    )
    return info.endedAt === undefined ? stillGoing(info) : endOf(info)
  }

  return () => {
    const server = new Server(
      { name: 'stepwright', version: packageVersion() },
      { capabilities: { tools: {}, extensions: { [TASKS_EXTENSION]: {} } } },
    )
    server.setRequestHandler('tools/list', () => ({
      tools: [...[...tools.values()].map(({ declaration }) => declaration), ...store.declarations] as never[],
    }))
    server.setRequestHandler('tools/call', async ({ params }, ctx) => {
      const { name, arguments: args = {} } = params
      const tool = tools.get(name)
      if (tool !== undefined) return call(tool, args, ctx).catch(asResult)
      const called = store.call(client, name, args)
      if (called === undefined)
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${JSON.stringify(name)}`)
      return called
    })
    server.setRequestHandler('tasks/get', { params: anything }, params => tasks.get(params))
    server.setRequestHandler('tasks/cancel', { params: anything }, params => tasks.cancel(params))
    server.setRequestHandler('tasks/update', { params: anything }, (params, { mcpReq }) =>
      // The SDK takes the answers out of the parameters.
      tasks.update(params, mcpReq.inputResponses ?? (isObject(params) ? params['inputResponses'] : undefined)),
    )
    return server
  }
}

/** Follows a process until it has ended, waits for somebody, or the signal aborts. */
async function watch(
  client: Client,
  pid: string,
  signal: AbortSignal,
  tell: (info: ProcessInfo, count: number) => Promise<void>,
): Promise<ProcessInfo> {
  let count = 0
  try {
    for await (const info of client.watch(pid, { signal })) {
      if (info.endedAt !== undefined || info.status === 'interrupted') return info
      await tell(info, ++count)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return (await client.get(pid))!
}
