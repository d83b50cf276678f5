// An agent without a framework: node chat.ts 'Send Ada the report'. Open the address it prints to read
// along: a page that is loaded again goes on where it was. Before it uses a tool it asks a person, who
// answers in another terminal with the command it prints. Kill it and run it again: it goes on, too.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createRuntime, defineProcess, toWebStream, typed, type OnceCall } from 'stepwright'
import { z } from 'zod'

const { MODEL_URL = 'http://localhost:11434/v1', MODEL = 'qwen3' } = process.env

interface ToolCall {
  readonly id: string
  readonly function: { readonly name: string; arguments: string }
}
interface Message {
  readonly role: string
  readonly content: string
  readonly tool_calls?: ToolCall[]
  readonly tool_call_id?: string
}

const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'send_mail',
      description: 'Sends a mail',
      parameters: { type: 'object', properties: { to: { type: 'string' } }, required: ['to'] },
    },
  },
]

/** Asks the model, and shows its words as they come. */
async function ask(messages: readonly Message[], { write, signal }: OnceCall): Promise<Message> {
  const body = JSON.stringify({ model: MODEL, stream: true, messages, tools: TOOLS })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${MODEL_URL}/chat/completions`, { method: 'POST', headers, body, signal })
  if (!response.ok || !response.body) throw new Error(`The model answers ${response.status}`)
  let content = ''
  const calls: ToolCall[] = []
  for await (const line of createInterface({ input: Readable.fromWeb(response.body as never) })) {
    if (!line.startsWith('data: {')) continue
    const { choices } = JSON.parse(line.slice('data: '.length))
    const { delta = {} } = choices[0] ?? {}
    if (delta.content) {
      content += delta.content
      write(delta.content)
    }
    for (const { index, id, function: part } of delta.tool_calls ?? [])
      if (calls[index]) calls[index].function.arguments += part.arguments
      else calls[index] = { id, function: part }
  }
  return { role: 'assistant', content, ...(calls.length > 0 && { tool_calls: calls }) }
}

const chat = defineProcess({ name: 'chat', input: typed<{ question: string }>() }).step(
  'answer',
  async ({ data, once, waitFor }) => {
    const messages: Message[] = [{ role: 'user', content: data.question }]
    for (let turn = 1; ; turn++) {
      const message = await once(`turn-${turn}`, call => ask(messages, call), { retry: 3 })
      messages.push(message)
      if (!message.tool_calls) return message.content
      for (const { id, function: tool } of message.tool_calls) {
        const { yes } = await waitFor(`may-${id}`, { schema: z.object({ yes: z.boolean() }) })
        const result = yes ? await once(`do-${id}`, () => sendMail(tool.arguments)) : 'The user refused'
        messages.push({ role: 'tool', content: result, tool_call_id: id })
      }
    }
  },
)

function sendMail(given: string): string {
  appendFileSync('outbox.log', `${given}\n`)
  return 'sent'
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>Chat</title><pre id="text"></pre>
<script>
  let parts = []
  const draw = () => { document.getElementById('text').textContent = parts.map(part => part.chunk).join('') }
  const source = new EventSource('/stream')
  source.onmessage = ({ data }) => { parts.push(JSON.parse(data)); draw() }
  source.addEventListener('reset', ({ data }) => {
    parts = parts.filter(part => part.once !== JSON.parse(data).once)
    draw()
  })
  source.addEventListener('end', () => source.close())
</script>`

const runtime = await createRuntime({ processes: [chat] })
const question = process.argv[2] ?? 'Send Ada the report'
const job = await runtime.start(chat, { question }, { key: question })

const server = createServer((request, response) => {
  if (request.url !== '/stream') return void response.end(PAGE)
  response.setHeader('content-type', 'text/event-stream')
  const from = Number(request.headers['last-event-id'] ?? -1) + 1
  const words = toWebStream(runtime.stream(job.pid, { from }))
  // Whoever leaves comes back, or does not.
  pipeline(Readable.fromWeb(words as never), response).catch(() => {})
}).listen(0, '127.0.0.1')
await new Promise(resolve => server.once('listening', resolve))
console.log(`Read along at http://127.0.0.1:${(server.address() as AddressInfo).port}/`)

job.subscribe(({ status, steps }) => {
  const [wait] = steps[0]?.waits ?? []
  if (status === 'interrupted' && wait)
    console.log(`npx stepwright proceed ${job.pid} --name ${wait.name} --data '{"yes":true}'`)
})
console.log(await job.result())
// Whoever reads along reads to the end.
await new Promise(resolve => server.close(resolve))
await runtime.close()
