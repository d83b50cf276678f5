import { toErrorRecord } from '../../record/error-record.ts'
import { checkText } from '../../record/check.ts'
import { show } from '../../record/show.ts'
import type { Json, LogEntry } from '../../record/record.ts'

const MAX_MESSAGE = 16 * 1024
const MAX_FIELDS = 64 * 1024

/**
 * What a step logs. Unlike data, fields may be anything: a log that refuses an error or a Date
 * would be no help when help is needed.
 * @throws TypeError if the message is no string
 */
export function toLogEntry(
  message: unknown,
  fields: unknown,
  where: Pick<LogEntry, 'at' | 'step' | 'attempt'>,
): LogEntry {
  return {
    ...where,
    message: checkText(message, 'message of log()').slice(0, MAX_MESSAGE),
    ...(fields !== undefined && { fields: loggable(fields) }),
  }
}

function loggable(fields: unknown): Json {
  try {
    const text = JSON.stringify(fields, plain) as string | undefined
    if (text === undefined) return show(fields)
    return text.length > MAX_FIELDS ? `${text.slice(0, MAX_FIELDS)}…` : (JSON.parse(text) as Json)
  } catch {
    return show(fields)
  }
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return toErrorRecord(value)
  if (value instanceof Map || value instanceof Set) return [...value]
  return typeof value === 'bigint' ? String(value) : value
}
