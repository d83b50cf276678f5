import { checkOptions, checkSchema } from '../../record/check.ts'
import { defined } from '../../record/defined.ts'
import { toMs, type Duration } from '../../record/duration.ts'
import type { StandardSchemaV1 } from '../../record/standard-schema.ts'
import type { Kind } from './kind.ts'

/** Options of `.interrupt()`. */
export interface InterruptOptions<Pause = true | StandardSchemaV1> {
  /**
   * How long to wait for `proceed`. Then the process fails with `ERR_STEP_TIMEOUT`. Default:
   * forever.
   */
  timeout?: Duration | undefined
  /** Checks the data that `proceed` brings, and gives it a type. */
  schema?: Pause
}

/** A pause without work. */
export interface InterruptStep {
  readonly kind: 'interrupt'
  readonly name: string
  readonly timeoutMs?: number
  readonly schema?: StandardSchemaV1
}

export const interruptKind: Kind<InterruptStep> = {
  plan(name, options = {}) {
    const { timeout, schema } = checkOptions(options, `interrupt '${name}'`, { timeout: toMs, schema: checkSchema })
    return { kind: 'interrupt', name, ...defined({ timeoutMs: timeout, schema }) }
  },
  waitsFor: () => 'proceed()',
}
