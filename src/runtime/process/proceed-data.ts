import type { ProcessContext } from '../../machines/context.ts'
import { mergeProceedData } from '../../machines/states/interrupt.ts'
import { toJson } from '../../record/json.ts'
import type { AttemptedStep } from '../../steps/kinds/kinds.ts'
import { validate } from '../../steps/validate.ts'
import type { StandardSchemaV1 } from '../../record/standard-schema.ts'
import type { Json } from '../../record/record.ts'

function schemaOf(paused: AttemptedStep): StandardSchemaV1 | undefined {
  if (paused.kind === 'interrupt') return paused.schema
  return paused.kind === 'step' && paused.interrupt !== true ? paused.interrupt : undefined
}

/**
 * What `proceed` was given, as the paused step's schema parses it. `undefined`: nothing, the output
 * stays.
 * @throws ERR_INVALID_INPUT, ERR_NOT_JSON, ERR_RECORD_TOO_LARGE
 */
export async function proceedData(
  paused: AttemptedStep,
  { pid, data: output }: ProcessContext,
  data: unknown,
  maxBytes: number,
): Promise<Json | undefined> {
  const schema = schemaOf(paused)
  const valid = schema
    ? (await validate(schema, data, `the data that step '${paused.name}' of process ${pid} proceeds with`)).value
    : data
  if (valid === undefined) return undefined
  const json = toJson(valid, maxBytes)
  // Merged into the output it must fit as well.
  toJson(mergeProceedData(output, json), maxBytes)
  return json
}
