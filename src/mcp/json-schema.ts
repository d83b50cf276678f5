import type { StandardSchemaV1 } from '../record/standard-schema.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** Standard JSON Schema: https://standardschema.dev/json-schema */
interface WithJsonSchema {
  readonly '~standard': {
    readonly jsonSchema?: { input(options: { target: 'draft-2020-12' }): Record<string, unknown> }
  }
}

/** What a value must look like; `undefined` if its schema does not say, or cannot be JSON Schema. */
export function jsonSchemaOf(schema: StandardSchemaV1 | undefined): JsonSchema | undefined {
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

/** A value that is no object is the field `name` of one. */
export function objectSchema(found: JsonSchema, name: string): ObjectSchema {
  if (found['type'] === 'object') return { schema: found, unwrap: given => given }
  const { $schema: _, ...inner } = found
  return {
    schema: { type: 'object', properties: { [name]: inner }, required: [name] },
    unwrap: given => given[name],
  }
}
