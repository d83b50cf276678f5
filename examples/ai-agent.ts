// An agent that answers a question with tools: node ai-agent.ts 'What is the weather in Oslo?' Kill it
// while it works, and run it again: it goes on, and asks the model nothing twice.
import { appendFileSync } from 'node:fs'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { isStepCount, streamText, tool } from 'ai'
import { createRuntime, defineProcess, typed } from 'stepwright'
import { durableModel, durableTools } from 'stepwright/ai'
import { z } from 'zod'

const { MODEL_URL = 'http://localhost:11434/v1', MODEL = 'qwen3' } = process.env
const models = createOpenAICompatible({ name: 'local', baseURL: MODEL_URL })

const weather = tool({
  description: 'The weather in a city',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => {
    appendFileSync('tools.log', `weather ${city}\n`)
    return { city, degrees: 7, sky: 'rain' }
  },
})

const agent = defineProcess({ name: 'agent', input: typed<{ question: string }>() }).step('answer', async context => {
  const answer = streamText({
    model: durableModel(models(MODEL), context),
    tools: durableTools({ weather }, context),
    stopWhen: isStepCount(10),
    prompt: context.data.question,
    abortSignal: context.signal,
    onError: ({ error }) => context.log('the model failed', { error: String(error) }),
  })
  return { text: await answer.text, steps: (await answer.steps).length }
})

const runtime = await createRuntime({ processes: [agent] })
const question = process.argv[2] ?? 'What is the weather in Oslo?'
const job = await runtime.start(agent, { question }, { key: question })
console.log(`Process ${job.pid}`)
console.log((await job.result()).text)
await runtime.close()
