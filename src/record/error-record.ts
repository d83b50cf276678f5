import type { ErrorRecord } from './record.ts'
import { show } from './show.ts'

/** In characters. */
const MAX_TEXT = 16 * 1024
const MAX_HEADING = 1024
const MAX_WORD = 256
const MAX_CAUSES = 5
const MAX_ERRORS = 3

function cap(text: string, limit = MAX_TEXT): string {
  return text.length <= limit
    ? text
    : `${text.slice(0, limit).toWellFormed()}… (${text.length - limit} more characters)`
}

/** A property of something thrown: it may be a proxy or have getters that throw. */
function read(thrown: object, key: string): unknown {
  try {
    return (thrown as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}

function messageOf(thrown: unknown): string {
  const message = typeof thrown === 'object' && thrown !== null ? read(thrown, 'message') : thrown
  return typeof message === 'string' ? message : `Thrown: ${show(thrown)}`
}

/** A stack begins with the message: a long one must not push the frames out. */
function capStack(stack: string, message: string): string {
  return cap(message.length > MAX_HEADING ? stack.replace(message, () => cap(message, MAX_HEADING)) : stack)
}

/** An AggregateError says nothing of what it holds. */
function withErrors(message: string, errors: unknown): string {
  if (!Array.isArray(errors) || errors.length === 0) return message
  const first = errors.slice(0, MAX_ERRORS).map(error => cap(messageOf(error), MAX_HEADING))
  const more = errors.length > MAX_ERRORS ? ` (and ${errors.length - MAX_ERRORS} more)` : ''
  return `${message}: ${first.join('; ')}${more}`
}

function describe(thrown: unknown, seen: readonly unknown[]): ErrorRecord {
  const message = messageOf(thrown)
  if (typeof thrown !== 'object' || thrown === null) return { name: 'Error', message: cap(message) }
  const [name, stack, code, cause] = ['name', 'stack', 'code', 'cause'].map(key => read(thrown, key))
  return {
    name: typeof name === 'string' && name !== '' ? cap(name, MAX_WORD) : 'Error',
    message: cap(withErrors(message, read(thrown, 'errors'))),
    ...(typeof stack === 'string' && { stack: capStack(stack, message) }),
    ...(typeof code === 'string' && { code: cap(code, MAX_WORD) }),
    ...(typeof code === 'number' && Number.isFinite(code) && { code }),
    ...(cause !== undefined &&
      seen.length < MAX_CAUSES &&
      !seen.includes(cause) && { cause: describe(cause, [...seen, cause]) }),
  }
}

/**
 * Whatever was thrown, as JSON: name, message, stack, code and up to five causes. Message and stack
 * are cut at 16 KiB. Never throws, whatever it is given.
 */
export function toErrorRecord(thrown: unknown): ErrorRecord {
  try {
    return describe(thrown, [thrown])
  } catch {
    return { name: 'Error', message: 'Thrown: an error that cannot be read' }
  }
}

const hidden = (value: unknown): PropertyDescriptor => ({ value, configurable: true, writable: true })

/**
 * An Error like the one recorded, to be the `cause` of what a caller gets. Its stack is the one
 * recorded.
 */
export function fromErrorRecord({ name, message, stack, code, cause }: ErrorRecord): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: fromErrorRecord(cause) })
  if (name !== 'Error') Object.defineProperty(error, 'name', hidden(name))
  Object.defineProperty(error, 'stack', hidden(stack ?? `${name}: ${message}`))
  return code === undefined ? error : Object.assign(error, { code })
}
