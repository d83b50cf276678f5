import { createHash } from 'node:crypto'
import type { LanguageModelV4CallOptions, LanguageModelV4StreamResult } from '@ai-sdk/provider'
import { wrapLanguageModel } from 'ai'
import type { AiContext } from './ai-context.ts'
import { decodeParts, decodeResult, encode, encodeParts, encodeResult, type Part } from './stored-parts.ts'

/** Parts that a reader may see before the answer of the model is in the store. */
const HARMLESS: ReadonlySet<Part['type']> = new Set<Part['type']>([
  'stream-start',
  'response-metadata',
  'text-start',
  'text-delta',
  'text-end',
  'reasoning-start',
  'reasoning-delta',
  'reasoning-end',
  'tool-input-start',
  'tool-input-delta',
  'tool-input-end',
])

/**
 * A language model whose calls are made once per step: each later attempt, on whatever host, gets
 * the answer from the store. Text goes to the stream of the process. A call is known by what it
 * asks, so what is asked must be the same in each attempt.
 *
 * @param context of the step
 * @example const { text } = await generateText({ model: durableModel(openai('gpt-5'), context), prompt })
 */
export function durableModel(
  model: Parameters<typeof wrapLanguageModel>[0]['model'],
  context: AiContext,
): ReturnType<typeof wrapLanguageModel> {
  const asked = new Map<string, number>()

  function nameOf(kind: string, params: LanguageModelV4CallOptions): string {
    const { abortSignal: _signal, headers: _headers, ...question } = params
    const hash = createHash('sha256')
      .update(JSON.stringify(encode([kind, question])))
      .digest('hex')
      .slice(0, 24)
    const count = (asked.get(hash) ?? 0) + 1
    asked.set(hash, count)
    return count === 1 ? `model:${hash}` : `model:${hash}:${count}`
  }

  return wrapLanguageModel({
    model,
    middleware: {
      specificationVersion: 'v4',
      async wrapGenerate({ doGenerate, params }) {
        const stored: unknown = await context.once(nameOf('generate', params), async call => {
          const result = await doGenerate()
          for (const part of result.content) if (part.type === 'text' && part.text !== '') call.write(part.text)
          return encodeResult(result) as never
        })
        return decodeResult(stored)
      },
      async wrapStream({ doStream, params }): Promise<LanguageModelV4StreamResult> {
        const { readable, writable } = new TransformStream<Part, Part>(undefined, undefined, {
          highWaterMark: Infinity,
        })
        const out = writable.getWriter()
        // A reader that stops is no failure of the model.
        out.closed.catch(() => {})
        const say = (part: Part): void => void out.write(part).catch(() => {})
        const begun = Promise.withResolvers<void>()
        let told = 0
        let held: readonly Part[] | undefined
        const calling: Promise<unknown> = context.once(nameOf('stream', params), async call => {
          const { stream } = await doStream()
          begun.resolve()
          const parts: Part[] = []
          let isHeld = false
          for await (const part of stream) {
            if (part.type === 'error') throw part.error
            parts.push(part)
            if (part.type === 'text-delta' && part.delta !== '') call.write(part.delta)
            // A tool must not run before the call of it is in the store.
            isHeld ||= !HARMLESS.has(part.type)
            if (isHeld) continue
            say(part)
            told = parts.length
          }
          held = parts.slice(told)
          return encodeParts(parts) as never
        })
        calling.then(
          stored => {
            begun.resolve()
            for (const part of held ?? decodeParts(stored)) say(part)
            void out.close().catch(() => {})
          },
          (error: unknown) => {
            begun.reject(error)
            void out.abort(error).catch(() => {})
          },
        )
        await begun.promise
        return { stream: readable }
      },
    },
  })
}
