import type { Progress } from '../../record/record.ts'
import { show } from '../../record/show.ts'

/** In characters: a message is a line for people. */
const MAX_MESSAGE = 1_000

export function toProgress(value: unknown, total?: unknown, message?: unknown): Progress {
  const isNumber = (n: unknown): n is number => typeof n === 'number' && Number.isFinite(n)
  if (!isNumber(value)) throw new TypeError(`progress(value): expected a finite number, received ${show(value)}`)
  if (total !== undefined && !isNumber(total))
    throw new TypeError(`progress(value, total): expected a finite number, received ${show(total)}`)
  if (message !== undefined && typeof message !== 'string')
    throw new TypeError(`progress(value, total, message): expected a string, received ${show(message)}`)
  return { value, ...(total !== undefined && { total }), ...(message !== undefined && { message: message.slice(0, MAX_MESSAGE) }) }
}
