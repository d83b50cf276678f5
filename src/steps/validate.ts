import { StepwrightError } from '../errors.ts'
import { formatPath } from '../record/path.ts'
import type { ProcessPlan } from './plan.ts'
import { escapeUnsafe, show } from '../record/show.ts'
import type { StandardResult, StandardSchemaV1 } from '../record/standard-schema.ts'

type Issue = NonNullable<StandardResult<unknown>['issues']>[number]

const MAX_ISSUES = 10
const MAX_MESSAGE = 300

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : show(thrown))

function tell({ path = [], message }: Issue): string {
  const keys = path.map(part => (typeof part === 'object' ? part.key : part))
  return `${formatPath(keys)}: ${escapeUnsafe(message.slice(0, MAX_MESSAGE))}`
}

/**
 * Data from outside on its way through a promise, which would otherwise ask it for `then`: a proxy
 * or a getter may throw.
 */
interface Parsed {
  readonly value: unknown
}

/**
 * What a schema makes of a value.
 * @param what names the value in the error, e.g. `the input of process 'import-dump'`
 * @throws StepwrightError `ERR_INVALID_INPUT` with each issue's path and message; also if the
 * schema itself throws (its error is the `cause`)
 */
export async function validate(schema: StandardSchemaV1, value: unknown, what: string): Promise<Parsed> {
  let result: StandardResult<unknown>
  try {
    result = await schema['~standard'].validate(value)
  } catch (cause) {
    throw new StepwrightError('ERR_INVALID_INPUT', `The schema of ${what} threw: ${messageOf(cause)}`, { cause })
  }
  if (result.issues === undefined) return { value: result.value }
  const told = result.issues.slice(0, MAX_ISSUES).map(tell)
  const more = result.issues.length > MAX_ISSUES ? [`and ${result.issues.length - MAX_ISSUES} more`] : []
  throw new StepwrightError('ERR_INVALID_INPUT', `${capital(what)} is invalid: ${[...told, ...more].join('; ')}`)
}

/** The input as the schema of the process parses it; unchanged if the process has no schema. */
export async function validateInput({ name, inputSchema }: ProcessPlan, input: unknown): Promise<Parsed> {
  return inputSchema === undefined ? { value: input } : validate(inputSchema, input, `the input of process '${name}'`)
}
