import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { createTaskSessionFromClient, type TaskEnabledSession } from '@modelcontextprotocol/ext-tasks/client'
import { z } from 'zod'
import { createRuntime, defineProcess, lowdbStore, openClient, typed, type Runtime } from '../../src/index.ts'
import { mcpServer, type McpServerOptions } from '../../src/mcp/index.ts'
import { serveMcp } from '../../src/mcp/serve-mcp.ts'
import { tempDir } from '../temp-dir.ts'
import { asking, reporting } from './processes.ts'

const VERSION = '2026-07-28'
const clientInfo = { name: 'test', version: '1.0.0' }
const tasksExtension = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } }

/** A client of the SDK. */
async function connect(t: ExecutionContext, url: string, mode: 'legacy' | { pin: string }): Promise<Client> {
  const client = new Client(clientInfo, { capabilities: {}, versionNegotiation: { mode } })
  await client.connect(new StreamableHTTPClientTransport(new URL(url)))
  t.teardown(() => client.close())
  return client
}

/** A client of the SDK with the official extension for tasks, which sends requests of its own. */
async function taskSession(t: ExecutionContext, url: string): Promise<TaskEnabledSession> {
  const client = await connect(t, url, { pin: VERSION })
  let id = 0
  const session = createTaskSessionFromClient(client, {
    endpointId: 'stepwright',
    v2RequestFraming: { protocolVersion: VERSION, clientInfo, clientCapabilities: tasksExtension },
    async rawDispatch(request) {
      const { method, params = {} } = request as { method: string; params?: Record<string, unknown> }
      const name = params['taskId'] ?? params['name']
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': VERSION,
          'mcp-method': method,
          ...(typeof name === 'string' && { 'mcp-name': name }),
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: ++id, ...(request as object) }),
      })
      const answer = (await response.json()) as { result: never } | { error: never }
      return 'error' in answer ? { kind: 'error', error: answer.error } : { kind: 'result', result: answer.result }
    },
  })
  t.teardown(() => session.close())
  return session
}

async function serving(
  t: ExecutionContext,
  runtime: Runtime,
  options: Partial<McpServerOptions> = {},
): Promise<{ readonly url: string }> {
  const server = await serveMcp(mcpServer({ client: runtime, ...options }), {
    host: '127.0.0.1',
    port: 0,
    token: false,
  })
  t.teardown(() => server.close())
  return server
}

async function opened(t: ExecutionContext, processes: Parameters<typeof createRuntime>[0]['processes'], dir?: string) {
  const runtime = await createRuntime({ processes, store: lowdbStore(dir ?? (await tempDir(t))) })
  t.teardown(() => runtime.close())
  return runtime
}

const textOf = (result: unknown): string => (result as { content: { text: string }[] }).content[0]!.text

test('a task of a killed server ends on the next one, and its first step ran once', async t => {
  const dir = await tempDir(t)
  const log = join(dir, 'log')
  const store = join(dir, 'store')
  const child = fork(join(import.meta.dirname, '../hosts/mcp-host.ts'), [store, log], { execArgv: process.execArgv })
  t.teardown(() => child.kill('SIGKILL'))
  const [url] = (await once(child, 'message')) as [string]
  const first = await taskSession(t, url)
  const execution = await first.callTool('report', { topic: 'tea' })
  t.is(execution.kind, 'task')
  if (execution.kind !== 'task') return
  const { taskId } = execution.handle
  const reference = execution.serializeReference()
  const client = openClient(store)
  for await (const { steps } of client.watch(taskId)) if (steps[1]!.status === 'running') break
  await client.close()
  t.like(await first.task(taskId).snapshot(), { status: 'working', statusMessage: 'running: step 2 of 2, write' })
  await execution.detach()
  child.kill('SIGKILL')
  await once(child, 'exit')

  const definition = reporting(log)
  const runtime = await opened(t, [definition], store)
  const second = await taskSession(t, (await serving(t, runtime, { processes: [definition] })).url)
  const resumed = await second.resumeTask(reference)
  const { outcome } = await resumed.settle()
  t.is(outcome.status, 'completed')
  t.like(outcome, { result: { structuredContent: { text: 'facts about tea' } } })
  t.is(await readFile(log, 'utf8'), 'collect\nwrite 1\nwrite 2\n')
})

test('an interrupt shows its schema, and an answer continues it', async t => {
  const runtime = await opened(t, [asking])
  const session = await taskSession(t, (await serving(t, runtime, { processes: [asking] })).url)
  const execution = await session.callTool('ask', {})
  if (execution.kind !== 'task') return t.fail()
  const { taskId } = execution.handle
  await execution.detach()
  for await (const { status } of runtime.watch(taskId)) if (status === 'interrupted') break
  const { raw } = (await session.task(taskId).snapshot()) as unknown as { raw: any }
  t.is(raw.status, 'input_required')
  t.like(raw.inputRequests.review, { method: 'elicitation/create' })
  t.deepEqual(raw.inputRequests.review.params.requestedSchema, {
    type: 'object',
    properties: { approved: { type: 'boolean' }, note: { type: 'string' } },
    required: ['approved'],
  })
  await session.task(taskId).update({ review: { action: 'accept', content: { approved: true } } } as never)
  t.deepEqual(await runtime.result(taskId), { approved: true } as never)

  const declined = await runtime.start(asking)
  for await (const { status } of runtime.watch(declined.pid)) if (status === 'interrupted') break
  await t.throwsAsync(
    session.task(declined.pid as never).update({ review: { action: 'accept', content: { approved: 7 } } } as never),
    { message: /approved/ },
  )
  t.is((await runtime.get(declined.pid))!.status, 'interrupted')
  await session.task(declined.pid as never).update({ review: { action: 'decline' } } as never)
  await t.throwsAsync(runtime.result(declined.pid))
  t.is((await session.task(declined.pid as never).snapshot()).status, 'cancelled')
})

test('a step that waits within its work shows what it waits for', async t => {
  const definition = defineProcess({ name: 'waits-twice' }).step('ask', async ({ waitFor }) => {
    const [a, b] = await Promise.all([
      waitFor<{ ok: boolean }>('first', { schema: z.object({ ok: z.boolean() }) }),
      waitFor<number>('second', { schema: z.number() }),
    ])
    return { a: a.ok, b }
  })
  const runtime = await opened(t, [definition])
  const session = await taskSession(t, (await serving(t, runtime, { processes: [definition] })).url)
  const execution = await session.callTool('waits-twice', {})
  if (execution.kind !== 'task') return t.fail()
  const { taskId } = execution.handle
  await execution.detach()
  for await (const { status } of runtime.watch(taskId)) if (status === 'interrupted') break
  const { raw } = (await session.task(taskId).snapshot()) as unknown as { raw: any }
  t.deepEqual(
    Object.entries(raw.inputRequests).map(([key, { params }]: [string, any]) => [
      key,
      params.requestedSchema.properties,
    ]),
    [
      ['ask/first', { ok: { type: 'boolean' } }],
      ['ask/second', { data: { type: 'number' } }],
    ],
  )
  const accept = (content: object) => ({ action: 'accept', content })
  await session.task(taskId).update({ 'ask/first': accept({ ok: true }), 'ask/second': accept({ data: 7 }) } as never)
  t.deepEqual(await runtime.result(taskId), { a: true, b: 7 } as never)
})

test('a task that is cancelled cancels its process; what is no task is refused', async t => {
  const definition = defineProcess({ name: 'waits' }).sleep('nap', '1h')
  const other = defineProcess({ name: 'other' }).sleep('nap', '1h')
  const runtime = await opened(t, [definition, other])
  const session = await taskSession(t, (await serving(t, runtime, { processes: [definition] })).url)
  const execution = await session.callTool('waits', {})
  if (execution.kind !== 'task') return t.fail()
  await execution.cancel()
  await t.throwsAsync(runtime.result(execution.handle.taskId), { code: 'ERR_CANCELLED' })
  const { pid } = await runtime.start(other)
  await t.throwsAsync(session.task(pid as never).snapshot(), { message: /no task/ })
  await t.throwsAsync(session.task(pid as never).cancel(), { message: /no task/ })
  t.is((await runtime.get(pid))!.endedAt, undefined)
})

for (const mode of ['legacy', { pin: VERSION }] as const)
  test(`a client without tasks waits for the end, or gets the pid: ${JSON.stringify(mode)}`, async t => {
    const quick = defineProcess({ name: 'quick', input: typed<number>() }).step('double', ({ data }) => data * 2)
    const fails = defineProcess({ name: 'fails' }).step('a', (): number => {
      throw new RangeError('no')
    })
    const runtime = await opened(t, [quick, fails, asking])
    const { url } = await serving(t, runtime, { processes: [quick, fails, asking] })
    const client = await connect(t, url, mode)
    const { tools } = await client.listTools()
    t.deepEqual(tools.map(({ name }) => name).toSorted(), [
      'ask',
      'fails',
      'get_history',
      'get_logs',
      'get_result',
      'list_processes',
      'quick',
      'show_process',
    ])
    const failed = await client.callTool({ name: 'fails', arguments: {} })
    t.true(failed.isError)
    t.regex(textOf(failed), /ended in error in step 'a': RangeError: no/)
    const asked = await client.callTool({ name: 'ask', arguments: {} })
    t.like(asked.structuredContent, { status: 'interrupted' })
    const { pid } = asked.structuredContent as { pid: string }
    t.like((await client.callTool({ name: 'get_result', arguments: { pid } })).structuredContent, {
      status: 'interrupted',
    })
    t.like((await client.callTool({ name: 'list_processes', arguments: { status: 'error' } })).structuredContent, {
      processes: [{ name: 'fails' }],
    })
    const history = await client.callTool({ name: 'get_history', arguments: { pid } })
    t.deepEqual(
      (history.structuredContent as { transitions: { event: string }[] }).transitions.map(({ event }) => event),
      (await runtime.history(pid)).map(({ event }) => event.type),
    )
    const unknown = await client.callTool({ name: 'show_process', arguments: { pid: 'x' } })
    t.true(unknown.isError)
    await t.throwsAsync(client.callTool({ name: 'cancel_process', arguments: { pid } }), { message: /no tool/ })
  })

test('a call tells its progress, and one that takes too long answers with the pid', async t => {
  const slow = defineProcess({ name: 'slow' })
    .step('a', () => 1)
    .sleep('nap', '1h')
  const runtime = await opened(t, [slow])
  const told = await connect(t, (await serving(t, runtime, { processes: [slow] })).url, 'legacy')
  const onprogress = async ({ message }: { message?: string | undefined }): Promise<void> => {
    if (message !== 'sleeping: step 2 of 2, nap') return
    for await (const { pid } of runtime.list()) await runtime.cancel(pid)
  }
  const cancelled = await told.callTool({ name: 'slow', arguments: {} }, { onprogress: one => void onprogress(one) })
  t.regex(textOf(cancelled), /ended in cancelled/)

  const { url } = await serving(t, runtime, { processes: [slow], wait: 50 })
  const left = await (await connect(t, url, 'legacy')).callTool({ name: 'slow', arguments: {} })
  t.regex((left.structuredContent as { next: string }).next, /get_result/)
})

test('with allowSteering, processes are changed', async t => {
  const schema = z.object({ n: z.number() })
  const definition = defineProcess({ name: 'steered', input: schema })
    .interrupt('go')
    .step('a', ({ input }): number => {
      if (input.n === 0) throw new Error('zero')
      return input.n
    })
  const runtime = await opened(t, [definition])
  const { url } = await serving(t, runtime, { allowSteering: true })
  const client = await connect(t, url, { pin: VERSION })
  const { pid } = await runtime.start(definition, { n: 0 })
  for await (const { status } of runtime.watch(pid)) if (status === 'interrupted') break
  t.deepEqual((await client.callTool({ name: 'proceed_process', arguments: { pid } })).structuredContent, {
    outcome: 'taken',
  })
  await t.throwsAsync(runtime.result(pid))
  const retried = await client.callTool({ name: 'retry_process', arguments: { pid } })
  t.is((await runtime.get((retried.structuredContent as { pid: string }).pid))!.retryOf, pid)
  const again = await client.callTool({ name: 'cancel_process', arguments: { pid } })
  t.true(again.isError)
  t.regex(textOf(again), /ERR_ALREADY_ENDED/)
})

test('over HTTP a token is needed, and web pages are refused', async t => {
  const runtime = await opened(t, [asking])
  const { url, token, close } = await serveMcp(mcpServer({ client: runtime }), { host: '127.0.0.1', port: 0 })
  t.teardown(close)
  const post = (headers: Record<string, string>) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' })
  t.is((await post({})).status, 401)
  t.is((await post({ authorization: `Bearer ${token}`, origin: 'http://evil.example' })).status, 403)
  t.not((await post({ authorization: `Bearer ${token}` })).status, 401)
})

test('wrong options are refused', t => {
  t.throws(() => mcpServer({} as never), { instanceOf: TypeError, message: /client of mcpServer\(\)/ })
  t.throws(() => mcpServer({ client: openClient('x'), processes: {} as never }), { instanceOf: TypeError })
  t.throws(() => mcpServer({ client: openClient('x'), processes: [{} as never] }), { instanceOf: TypeError })
})

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

test('stepwright mcp: a store and definitions over stdio, until stdin ends', async t => {
  const dir = await tempDir(t)
  const module = join(dir, 'double.ts')
  await writeFile(
    module,
    `import { defineProcess, typed } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)}
export const double = defineProcess({ name: 'double', input: typed<{ n: number }>() }).step('a', ({ data }) => ({ n: data.n * 2 }))
`,
  )
  const store = join(dir, 'store')
  const client = new Client(clientInfo, { capabilities: {}, versionNegotiation: { mode: 'auto' } })
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [...process.execArgv, MAIN, '--store', store, 'mcp', module, '--allow-steering'],
      stderr: 'inherit',
    }),
  )
  t.teardown(() => client.close())
  t.true((await client.listTools()).tools.some(({ name }) => name === 'cancel_process'))
  const doubled = await client.callTool({ name: 'double', arguments: { n: 21 } })
  t.deepEqual(doubled.structuredContent, { n: 42 })
  await client.close()
  const reader = openClient(store)
  t.deepEqual(await reader.hosts(), [], 'the host was closed in order')
  await reader.close()
})

test('stepwright mcp --http prints its address and its token', async t => {
  const dir = await tempDir(t)
  await (await createRuntime({ processes: [], store: lowdbStore(dir) })).close()
  const child = spawn(process.execPath, [...process.execArgv, MAIN, '--store', dir, 'mcp', '--http', '0'])
  t.teardown(() => child.kill('SIGKILL'))
  const [address, told] = (await Promise.all([once(child.stdout, 'data'), once(child.stderr, 'data')])).map(String)
  const token = /Bearer ([\w-]+)/.exec(told!)![1]!
  const client = new Client(clientInfo, { capabilities: {} })
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  await client.connect(new StreamableHTTPClientTransport(new URL(address!.trim()), { requestInit }))
  t.deepEqual((await client.callTool({ name: 'list_processes', arguments: {} })).structuredContent, { processes: [] })
  await client.close()
  child.kill('SIGTERM')
  t.deepEqual(await once(child, 'exit'), [143, null])
})
