import type { LanguageModelV4GenerateResult, LanguageModelV4StreamPart } from '@ai-sdk/provider'

export type Part = LanguageModelV4StreamPart

/** A value of the SDK as JSON: times as ISO 8601, bytes in base64, which the SDK takes as well. */
export const encode = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, field: unknown) => (field instanceof Uint8Array ? toBase64(field) : field)))

const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

type Stamped = { readonly timestamp?: unknown }

const withDate = <T extends Stamped>(value: T): T =>
  typeof value.timestamp === 'string' ? { ...value, timestamp: new Date(value.timestamp) } : value

/**
 * Leaves out the request, and the headers and the body of the response: nothing needs them again.
 */
export function encodeResult({ request: _request, response, ...result }: LanguageModelV4GenerateResult): unknown {
  if (response === undefined) return encode(result)
  const { headers: _headers, body: _body, ...metadata } = response
  return encode({ ...result, response: metadata })
}

export function decodeResult(stored: unknown): LanguageModelV4GenerateResult {
  const result = stored as LanguageModelV4GenerateResult
  return result.response === undefined ? result : { ...result, response: withDate(result.response) }
}

/** The parts of a stream, with consecutive pieces of the same text joined. */
export function encodeParts(parts: readonly Part[]): unknown {
  const whole: Part[] = []
  for (const part of parts) {
    const last = whole.at(-1)
    if (isDelta(part) && last !== undefined && isDelta(last) && last.type === part.type && last.id === part.id)
      whole[whole.length - 1] = { ...last, ...part, delta: last.delta + part.delta }
    else if (part.type !== 'raw' && part.type !== 'ping') whole.push(part)
  }
  return encode(whole)
}

export const decodeParts = (stored: unknown): Part[] =>
  (stored as Part[]).map(part => (part.type === 'response-metadata' ? withDate(part) : part))

type Delta = Extract<Part, { delta: string }>
const isDelta = (part: Part): part is Delta => 'delta' in part
