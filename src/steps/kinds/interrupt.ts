import { checkOptions, checkSchema, oneOf } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { toMs, type Duration } from '../../record/duration.ts'
import type { StandardSchemaV1 } from '../../record/standard-schema.ts'
import { toJson } from '../../record/json.ts'
import type { Json } from '../../record/record.ts'
import type { Kind } from './kind.ts'

/** It is part of the code. */
const MAX_DATA_BYTES = 1_000_000

/** Options of `.interrupt()`. */
export interface InterruptOptions<Pause = true | StandardSchemaV1> {
  /**
   * How long to wait for `proceed`. Then the process fails with `ERR_STEP_TIMEOUT`. Default:
   * forever.
   */
  timeout?: Duration | undefined
  /** Checks the data that `proceed` brings, and gives it a type. */
  schema?: Pause
  /**
   * What happens when the time is over: the process fails, or continues as if somebody had called
   * `proceed` with `data`. Default 'fail'.
   */
  onTimeout?: 'fail' | 'continue' | undefined
  /** For `onTimeout: 'continue'`. If there is a schema, it has to fit, and is not checked. */
  data?: Pause extends StandardSchemaV1<any, infer Data> ? Data : unknown
}

/** A pause without work. */
export interface InterruptStep {
  readonly kind: 'interrupt'
  readonly name: string
  readonly timeoutMs?: number
  readonly schema?: StandardSchemaV1
  /** The process continues with this when the time is over. */
  readonly otherwise?: { readonly data?: Json }
}

function checkData(value: unknown, what: string): Json {
  try {
    return toJson(value, MAX_DATA_BYTES)
  } catch (cause) {
    throw new TypeError(`${what} must be JSON: ${(cause as Error).message}`, { cause })
  }
}

export const interruptKind: Kind<InterruptStep> = {
  plan(name, options = {}) {
    const what = `interrupt '${name}'`
    const { timeout, schema, onTimeout, data } = checkOptions(options, what, {
      timeout: toMs,
      schema: checkSchema,
      onTimeout: oneOf('fail', 'continue'),
      data: checkData,
    })
    const continues = onTimeout === 'continue'
    if (continues && timeout === undefined)
      throw new TypeError(`${what} cannot continue without a timeout: give it one`)
    if (continues && schema !== undefined && data === undefined)
      throw new TypeError(`${what} has a schema: give it the data with which it continues`)
    if (!continues && data !== undefined)
      throw new TypeError(`${what} has data and does not continue: give it onTimeout: 'continue' as well`)
    const otherwise = continues ? defined({ data }) : undefined
    return { kind: 'interrupt', name, ...defined({ timeoutMs: timeout, schema, otherwise }) }
  },
  waitsFor: () => 'proceed()',
}
