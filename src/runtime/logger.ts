import { check, isObject } from '../record/check.ts'

/** Receives what a runtime does: a pino logger, or any object with these methods. */
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
export const checkLogger = check<Logger>(
  `an object with the methods ${LEVELS.join(', ')}, such as pino()`,
  logger => isObject(logger) && LEVELS.every(level => typeof logger[level] === 'function'),
)
