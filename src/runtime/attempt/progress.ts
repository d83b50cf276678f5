import { check, checkText } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import type { Progress } from '../../record/record.ts'

/** In characters: a message is a line for people. */
const MAX_MESSAGE = 1_000

const checkNumber = check<number>('a finite number', Number.isFinite)

/** @throws TypeError */
export function toProgress(value: unknown, total?: unknown, message?: unknown): Progress {
  return defined({
    value: checkNumber(value, 'value of progress()'),
    total: total === undefined ? total : checkNumber(total, 'total of progress()'),
    message: message === undefined ? message : checkText(message, 'message of progress()').slice(0, MAX_MESSAGE),
  })
}
