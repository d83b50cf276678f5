// An agent as a chart with a loop: it thinks, calls a tool, thinks again, until it has an answer.
// Each turn has all that a step has, and is in the store before the next one begins: however often
// its host is killed, no turn that has ended is paid for again.
import { createRuntime, defineProcess, stepActor, typed, type StepContext } from 'stepwright'
import { assign, setup } from 'xstate'

type Message = { readonly role: 'user' | 'assistant' | 'tool'; readonly text: string }
/** It either asks for a tool, or answers. */
type Reply = { readonly tool: string | null; readonly answer: string }

interface Services {
  model: { reply(messages: readonly Message[], options: { key: string; signal: AbortSignal }): Promise<Reply> }
  tools: Readonly<Record<string, (key: string) => string>>
}

const think = stepActor(
  async ({ data, services, idempotencyKey, signal, log }: StepContext<readonly Message[], Services>) => {
    const reply = await services.model.reply(data, { key: idempotencyKey, signal })
    log('the model replied', reply)
    return reply
  },
  { retry: 3, timeout: '1m' },
)

const callTool = stepActor(({ data, services, idempotencyKey }: StepContext<{ name: string }, Services>) =>
  services.tools[data.name]!(idempotencyKey),
)

const agent = setup({
  types: {
    input: {} as { question: string },
    context: {} as { messages: readonly Message[]; tool: string },
    output: {} as { answer: string; turns: number },
  },
  actors: { think, callTool },
}).createMachine({
  context: ({ input }) => ({ messages: [{ role: 'user', text: input.question }], tool: '' }),
  initial: 'thinking',
  states: {
    thinking: {
      invoke: {
        src: 'think',
        input: ({ context }) => context.messages,
        onDone: [
          {
            guard: ({ event: { output } }) => output.tool !== null,
            target: 'calling',
            actions: assign({ tool: ({ event }) => event.output.tool ?? '' }),
          },
          {
            target: 'answered',
            actions: assign({
              messages: ({ context, event }) => [
                ...context.messages,
                { role: 'assistant' as const, text: event.output.answer },
              ],
            }),
          },
        ],
      },
    },
    calling: {
      invoke: {
        src: 'callTool',
        input: ({ context }) => ({ name: context.tool }),
        onDone: {
          target: 'thinking',
          actions: assign({
            messages: ({ context, event }) => [...context.messages, { role: 'tool' as const, text: event.output }],
          }),
        },
      },
    },
    answered: { type: 'final' },
  },
  output: ({ context: { messages } }) => ({ answer: messages.at(-1)!.text, turns: messages.length - 1 }),
})

export const ask = defineProcess({
  name: 'ask',
  input: typed<{ question: string }>(),
  services: typed<Services>(),
}).machine('agent', agent, { timeout: '10m' })

// Stands for a model: it asks for two tools and then answers.
const model: Services['model'] = {
  reply: async messages => {
    const told = messages.filter(({ role }) => role === 'tool').map(({ text }) => text)
    if (told.length === 0) return { tool: 'time', answer: '' }
    if (told.length === 1) return { tool: 'weather', answer: '' }
    return { tool: null, answer: `It is ${told.join(', and ')}.` }
  },
}
const tools: Services['tools'] = { time: () => 'noon', weather: () => 'sunny' }

if (import.meta.main) {
  const runtime = await createRuntime({ processes: [ask], services: { model, tools } })
  const job = await runtime.start(ask, { question: 'What is it like outside?' })
  job.subscribe(({ steps }) => steps[0]?.state !== undefined && console.log(steps[0].state))
  console.log(await job.result())
  await runtime.close()
}
