import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server'
import { isObject } from '../record/check.ts'
import type { ProcessInfo } from '../record/info.ts'
import type { DefinitionTool, Pause } from './definition-tools.ts'
import { endOf, messageOf } from './results.ts'
import type { McpClient } from './mcp-client.ts'

/** The extension of 2026-07-28 (SEP-2663): a process is a task, its pid is the id of the task. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks'

const POLL_INTERVAL_MS = 1_000

type Json = Record<string, unknown>

/** Whether a request says that its client knows tasks. */
export const knowsTasks = (capabilities: unknown): boolean =>
  isObject(capabilities) &&
  isObject(capabilities['extensions']) &&
  Object.hasOwn(capabilities['extensions'], TASKS_EXTENSION)

const head = (info: ProcessInfo, status: string): Json => ({
  taskId: info.pid,
  status,
  statusMessage: messageOf(info),
  createdAt: info.createdAt,
  lastUpdatedAt: info.updatedAt,
  ttlMs: null,
  pollIntervalMs: POLL_INTERVAL_MS,
})

/** The answer to the call that has started a process. */
export const createdTask = (info: ProcessInfo): Json => ({ ...head(info, 'working'), resultType: 'task' })

function formOf({ pid, name, output }: ProcessInfo, pause: Pause): Json {
  const soFar = output === undefined ? '' : `. So far: ${JSON.stringify(output)}`
  const message = `Process ${pid} (${name}) waits for '${pause.name}'${soFar}`
  return { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema: pause.schema } }
}

/** Tasks over the processes of the definitions that are tools. */
export class Tasks {
  readonly #client: McpClient
  readonly #tools: ReadonlyMap<string, DefinitionTool>

  constructor(client: McpClient, tools: ReadonlyMap<string, DefinitionTool>) {
    this.#client = client
    this.#tools = tools
  }

  async get(params: unknown): Promise<Json> {
    const { info, tool } = await this.#find(params)
    const pauses = tool.pausesOf(info)
    if (pauses.length > 0) {
      const requests = pauses.map(pause => [pause.key, formOf(info, pause)] as const)
      return { ...head(info, 'input_required'), inputRequests: Object.fromEntries(requests) }
    }
    switch (info.status) {
      case 'cancelled':
        return head(info, 'cancelled')
      case 'finished':
      case 'error':
      case 'timeout':
        return { ...head(info, 'completed'), result: { ...endOf(info), resultType: 'complete' } }
      default:
        return head(info, 'working')
    }
  }

  /**
   * An answer that is accepted continues the process, one that is declined cancels it. Without
   * either it goes on waiting.
   */
  async update(params: unknown, responses: unknown): Promise<Json> {
    const { info, tool } = await this.#find(params)
    for (const pause of tool.pausesOf(info)) {
      const response = isObject(responses) ? responses[pause.key] : undefined
      if (isObject(response)) await this.#answer(info.pid, pause, response)
    }
    return {}
  }

  async #answer(pid: string, pause: Pause, { action, content }: Readonly<Record<string, unknown>>): Promise<void> {
    if (action === 'decline') await this.#client.cancel(pid, `The answer to '${pause.name}' was declined`)
    if (action !== 'accept') return
    try {
      await this.#client.proceed(pid, pause.dataOf(isObject(content) ? content : {}), { name: pause.name })
    } catch (error) {
      throw invalid(error instanceof Error ? error.message : String(error))
    }
  }

  async cancel(params: unknown): Promise<Json> {
    const { info } = await this.#find(params)
    if (info.endedAt === undefined) await this.#client.cancel(info.pid, 'The task was cancelled')
    return {}
  }

  /** A process of another definition is no task here. */
  async #find(params: unknown): Promise<{ readonly info: ProcessInfo; readonly tool: DefinitionTool }> {
    const taskId = isObject(params) ? params['taskId'] : undefined
    const info = typeof taskId === 'string' ? await this.#client.get(taskId) : undefined
    const tool = info && this.#tools.get(info.name)
    if (info === undefined || tool === undefined) throw invalid(`There is no task ${JSON.stringify(taskId)}`)
    return { info, tool }
  }
}

const invalid = (message: string): ProtocolError => new ProtocolError(ProtocolErrorCode.InvalidParams, message)
