import type { StandardSchemaV1 } from '../record/standard-schema.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** Standard JSON Schema: https://standardschema.dev/json-schema */
interface WithJsonSchema {
  readonly '~standard': {
    readonly jsonSchema?: { input(options: { target: 'draft-2020-12' }): Record<string, unknown> }
  }
}

/** What a value must look like; `undefined` if its schema does not say, or cannot be JSON Schema. */
function jsonSchemaOf(schema: StandardSchemaV1 | undefined): JsonSchema | undefined {
  try {
    return (schema as WithJsonSchema | undefined)?.['~standard'].jsonSchema?.input({ target: 'draft-2020-12' })
  } catch {
    return undefined
  }
}

/** A schema as protocols take it: always of an object. */
export interface ObjectSchema {
  readonly schema: JsonSchema
  /** The value, from such an object. */
  unwrap(given: Readonly<Record<string, unknown>>): unknown
}

/**
 * A value that is no object is the field `name` of one.
 *
 * @param fallback for a value of which nothing is known
 */
export function objectSchema(
  schema: StandardSchemaV1 | undefined,
  name: string,
  fallback: JsonSchema = { type: 'object' },
): ObjectSchema {
  const found = schema === undefined ? fallback : (jsonSchemaOf(schema) ?? fallback)
  if (found['type'] === 'object') return { schema: found, unwrap: given => given }
  const { $schema: _, ...inner } = found
  return {
    schema: { type: 'object', properties: { [name]: inner }, required: [name] },
    unwrap: given => given[name],
  }
}
