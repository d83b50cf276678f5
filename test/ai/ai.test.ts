import test from 'ava'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, streamText, tool } from 'ai'
import { z } from 'zod'
import { defineProcess } from '../../src/index.ts'
import { durableModel, durableTools } from '../../src/ai/index.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { aborted, gate } from '../runtime/gate.ts'
import { fakeModel, type Question, type Reply } from './fake-model.ts'

const rolesOf = ({ messages }: Question): string => messages.map(({ role }) => role).join(' ')

/** Asks for the weather first, and then answers. */
const script = ({ messages }: Question): Reply =>
  messages.at(-1)?.role === 'tool'
    ? { text: `It is ${JSON.stringify(messages.at(-1)?.content)} today` }
    : { tool: 'weather', input: { city: 'Oslo' }, id: 'call-1' }

for (const kind of ['generate', 'stream'] as const)
  test(`${kind}: what the model said and the tools did before a crash is not repeated`, async t => {
    const world = { store: memoryStore(), clock: new TestClock() }
    const { url, questions } = await fakeModel(t, script)
    const did: string[] = []
    const reached = gate()
    const weather = tool({
      inputSchema: z.object({ city: z.string() }),
      execute: ({ city }) => {
        did.push(city)
        return { degrees: 7 }
      },
    })
    const definition = defineProcess({ name: 'agent' }).step('answer', async context => {
      const options = {
        model: durableModel(createOpenAICompatible({ name: 'fake', baseURL: url })('m'), context),
        tools: durableTools({ weather }, context),
        stopWhen: isStepCount(5),
        prompt: 'How is the weather?',
      }
      const text = kind === 'generate' ? (await generateText(options)).text : await streamText(options).text
      if (context.attempt > 1) return text
      reached.open()
      await aborted(context.signal)
      throw context.signal.reason
    })
    const first = await createTestRuntime({ processes: [definition], ...world })
    const { pid } = await first.start(definition)
    await reached.promise
    await first.die()
    const second = await createTestRuntime({ processes: [definition], ...world })
    t.is(await second.result(pid), 'It is "{\\"degrees\\":7}" today' as never)
    t.deepEqual(questions.map(rolesOf), ['user', 'user assistant tool'])
    t.deepEqual(did, ['Oslo'])
    await second.close()
  })

test('text goes to the stream of the process', async t => {
  const { url } = await fakeModel(t, () => ({ text: 'a few words' }))
  const definition = defineProcess({ name: 'writes' }).step('answer', async context => {
    const model = durableModel(createOpenAICompatible({ name: 'fake', baseURL: url })('m'), context)
    return streamText({ model, prompt: 'Say something' }).text
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const { pid } = await runtime.start(definition)
  t.is(await runtime.result(pid), 'a few words' as never)
  const chunks = (await Array.fromAsync(runtime.stream(pid))).flatMap(part => ('chunk' in part ? [part.chunk] : []))
  t.is(chunks.join(''), 'a few words')
  await runtime.close()
})

test('the same question twice is asked twice; a model that fails is not remembered', async t => {
  const { url, questions } = await fakeModel(t, (_, count) => ({ text: `answer ${count}` }))
  const definition = defineProcess({ name: 'asks' }).step('ask', async context => {
    const model = durableModel(createOpenAICompatible({ name: 'fake', baseURL: url })('m'), context)
    const ask = async () => (await generateText({ model, prompt: 'the same' })).text
    return [await ask(), await ask()]
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  t.deepEqual(await (await runtime.start(definition)).result(), ['answer 1', 'answer 2'])
  t.is(questions.length, 2)

  const broken = defineProcess({ name: 'broken' }).step(
    'ask',
    async context => {
      const baseURL = context.attempt === 1 ? 'http://127.0.0.1:1/v1' : url
      const model = durableModel(createOpenAICompatible({ name: 'fake', baseURL })('m'), context)
      return (await generateText({ model, prompt: 'hello', maxRetries: 0 })).text
    },
    { retry: 2 },
  )
  const other = await createTestRuntime({ processes: [broken] })
  const job = await other.start(broken)
  await other.until(job.pid, info => info.steps[0]!.status === 'waiting')
  await other.clock.advance('1m')
  t.is(await job.result(), 'answer 3')
  await runtime.close()
  await other.close()
})

for (const kind of ['generate', 'stream'] as const)
  test(`${kind}: a tool that needs approval waits for a person, on any host`, async t => {
    const world = { store: memoryStore(), clock: new TestClock() }
    const { url, questions } = await fakeModel(t, ({ messages }) => {
      const last = messages.at(-1)!
      if (last.role === 'user') return { tool: 'refund', input: { order: 'A7' }, id: 'call-1' }
      if (messages.length === 3) return { tool: 'refund', input: { order: 'B8' }, id: 'call-2' }
      return { text: String(last.content) }
    })
    const did: string[] = []
    const refund = tool({
      inputSchema: z.object({ order: z.string() }),
      execute: ({ order }) => {
        did.push(order)
        return `refunded ${order}`
      },
    })
    const definition = defineProcess({ name: 'support' }).step('answer', async context => {
      const options = {
        model: durableModel(createOpenAICompatible({ name: 'fake', baseURL: url })('m'), context),
        tools: durableTools({ refund: { ...refund, approve: true as const } }, context),
        stopWhen: isStepCount(5),
        prompt: 'I want my money back',
        abortSignal: context.signal,
      }
      return kind === 'generate' ? (await generateText(options)).text : await streamText(options).text
    })
    const first = await createTestRuntime({ processes: [definition], ...world })
    const { pid } = await first.start(definition)
    const waiting = await first.until(pid, 'interrupted')
    t.like(waiting.steps[0]!.waits, [{ name: 'approve:refund:call-1', for: 'answer' }])
    const [entry] = await Array.fromAsync(first.logs(pid))
    t.deepEqual(entry!.fields, { name: 'approve:refund:call-1', input: { order: 'A7' } })
    await first.die()
    const second = await createTestRuntime({ processes: [definition], ...world })
    await t.throwsAsync(second.proceed(pid, { approved: 'yes' }), { code: 'ERR_INVALID_INPUT' })
    t.deepEqual(did, [])
    await second.proceed(pid, { approved: true })
    await second.until(pid, info => info.steps[0]!.waits?.[0]?.name === 'approve:refund:call-2')
    t.deepEqual(did, ['A7'])
    await second.proceed(pid, { approved: false, reason: 'too late' }, { name: 'approve:refund:call-2' })
    t.regex(String(await second.result(pid)), /not approved this call: too late/)
    t.deepEqual(did, ['A7'])
    t.is(questions.length, 3)
    t.is((await Array.fromAsync(second.logs(pid))).length, 2)
    await second.close()
  })
