import type { ErrorRecord } from './record.ts'

const hidden = (value: unknown): PropertyDescriptor => ({ value, configurable: true, writable: true })

/** An Error like the one recorded, to be the `cause` of what a caller gets. Its stack is the one recorded. */
export function fromErrorRecord({ name, message, stack, code, cause }: ErrorRecord): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: fromErrorRecord(cause) })
  if (name !== 'Error') Object.defineProperty(error, 'name', hidden(name))
  Object.defineProperty(error, 'stack', hidden(stack ?? `${name}: ${message}`))
  return code === undefined ? error : Object.assign(error, { code })
}
