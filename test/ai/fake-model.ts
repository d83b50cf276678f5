import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { ExecutionContext } from 'ava'

interface Message {
  readonly role: string
  readonly content: unknown
}
export interface Question {
  readonly stream?: boolean
  readonly messages: readonly Message[]
}
/** What the model answers: a text, or the call of a tool. */
export type Reply =
  /** `pause` is called before each word. */
  | { readonly text: string; readonly pause?: (word: number) => Promise<void> }
  | { readonly tool: string; readonly input: object; readonly id: string }

const textOf = (reply: Reply): object =>
  'text' in reply
    ? { role: 'assistant', content: reply.text }
    : {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            index: 0,
            id: reply.id,
            type: 'function',
            function: { name: reply.tool, arguments: JSON.stringify(reply.input) },
          },
        ],
      }

async function send(response: ServerResponse, reply: Reply, isStream: boolean): Promise<void> {
  const head = { id: 'chat-1', created: 1_700_000_000, model: 'fake' }
  const reason = 'text' in reply ? 'stop' : 'tool_calls'
  const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
  if (!isStream) {
    const choices = [{ index: 0, message: textOf(reply), finish_reason: reason }]
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const deltas =
    'text' in reply ? reply.text.split(/(?<= )/).map(content => ({ role: 'assistant', content })) : [textOf(reply)]
  const chunks = [
    ...deltas.map(delta => [{ index: 0, delta, finish_reason: null }]),
    [{ index: 0, delta: {}, finish_reason: reason }],
  ]
  for (const [word, choices] of chunks.entries()) {
    if ('text' in reply) await reply.pause?.(word)
    response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices })}\n\n`)
  }
  response.end(
    `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [], usage })}\n\ndata: [DONE]\n\n`,
  )
}

/**
 * A model server of the kind that OpenAI has, which answers as `reply` says; `undefined`: never.
 */
export async function fakeModel(
  t: ExecutionContext,
  reply: (question: Question, count: number) => Reply | undefined,
): Promise<{ readonly url: string; readonly questions: Question[] }> {
  const questions: Question[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const question = JSON.parse(body) as Question
    questions.push(question)
    const given = reply(question, questions.length)
    if (given !== undefined) await send(response, given, question.stream === true)
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/v1`, questions }
}
