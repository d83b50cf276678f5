import { toJson } from '../../record/json.ts'
import type { Json } from '../../record/record.ts'

const MAX_CHUNK_BYTES = 1024 * 1024

/**
 * What a step writes to the stream of its process.
 * @throws ERR_NOT_JSON, ERR_RECORD_TOO_LARGE
 */
export const toChunk = (chunk: unknown): Json => toJson(chunk, MAX_CHUNK_BYTES)
