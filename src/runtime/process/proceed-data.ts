import { mergeProceedData } from '../../machines/states/interrupt.ts'
import { toJson } from '../../record/json.ts'
import type { AttemptedStep } from '../../steps/kinds/kinds.ts'
import { validate } from '../../steps/validate.ts'
import type { StandardSchemaV1 } from '../../record/standard-schema.ts'
import type { Json } from '../../record/record.ts'
import type { LiveProcess } from './live-process.ts'

/** Where a process is paused: after a step, or, with a name, within its work. */
export interface Pause {
  readonly step: string
  readonly name?: string
  readonly since?: number | undefined
}

function schemaOf(paused: AttemptedStep): StandardSchemaV1 | undefined {
  if (paused.kind === 'interrupt') return paused.schema
  return paused.kind === 'step' && paused.interrupt !== true ? paused.interrupt : undefined
}

/**
 * What `proceed` was given, as the schema of the pause parses it. `undefined`: nothing.
 * @throws ERR_INVALID_INPUT, ERR_NOT_JSON, ERR_RECORD_TOO_LARGE
 */
export async function proceedData(live: LiveProcess, { step, name }: Pause, data: unknown): Promise<Json | undefined> {
  const { pid, environment, machineContext } = live
  const schema = name === undefined ? schemaOf(live.stepNamed(step)) : live.schemaOf(step, name)
  const what =
    name === undefined
      ? `the data that step '${step}' of process ${pid} proceeds with`
      : `the answer to ${JSON.stringify(name)} in step '${step}' of process ${pid}`
  const valid = schema ? (await validate(schema, data, what)).value : data
  if (valid === undefined) return undefined
  const json = toJson(valid, environment.maxRecordBytes)
  // Merged into the output it must fit as well.
  if (name === undefined) toJson(mergeProceedData(machineContext.data, json), environment.maxRecordBytes)
  return json
}
