import { show } from '../record/show.ts'

/** What a runtime says of itself goes here: a pino logger, or whatever looks like one. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** Silent but for problems, which are Node's own warnings. */
export const warningLogger: Logger = {
  debug() {},
  info() {},
  warn,
  error: warn,
}

function warn(fields: { code?: string }, message: string): void {
  process.emitWarning(message, fields.code === undefined ? {} : { code: fields.code })
}

/** @throws TypeError */
export function checkLogger(logger: unknown): Logger {
  if (logger === undefined) return warningLogger
  const isObject = typeof logger === 'object' && logger !== null
  const missing = !isObject ? LEVELS[0] : LEVELS.find(level => typeof (logger as Partial<Logger>)[level] !== 'function')
  if (missing === undefined) return logger as Logger
  throw new TypeError(
    `createRuntime({ logger }): expected an object with the methods ${LEVELS.join(', ')}, such as pino(); received ${show(logger)}`,
  )
}
