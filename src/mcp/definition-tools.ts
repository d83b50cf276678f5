import type { ProcessInfo } from '../record/info.ts'
import type { ProcessDefinition } from '../record/definition.ts'
import { planOf, type ProcessPlan } from '../steps/plan.ts'
import { jsonSchemaOf, objectSchema, type JsonSchema, type ObjectSchema } from './json-schema.ts'

/** What a form asks for if nothing is known about the data: any JSON, as text. */
const ANYTHING: JsonSchema = {
  type: 'object',
  properties: { data: { type: 'string', description: 'JSON that the process continues with; may be left out' } },
}

/** A definition as a tool. */
export class DefinitionTool {
  readonly definition: ProcessDefinition
  readonly #plan: ProcessPlan
  readonly #input: ObjectSchema

  constructor(definition: ProcessDefinition) {
    this.definition = definition
    this.#plan = planOf(definition)
    this.#input = objectSchema(jsonSchemaOf(this.#plan.inputSchema) ?? { type: 'object' }, 'input')
  }

  get name(): string {
    return this.#plan.name
  }

  get declaration(): { name: string; description: string; inputSchema: JsonSchema } {
    const { description } = this.#input.schema
    const steps = this.#plan.steps.map(({ name }) => name).join(', ')
    return {
      name: this.name,
      description: `${typeof description === 'string' ? `${description}. ` : ''}Runs the durable process '${this.name}' (steps: ${steps}). It goes on if this server or its client ends.`,
      inputSchema: this.#input.schema,
    }
  }

  inputOf(args: Readonly<Record<string, unknown>> = {}): unknown {
    const input = this.#input.unwrap(args)
    // A definition without an input is called with no arguments.
    const isNone = this.#plan.inputSchema === undefined && Object.keys(args).length === 0
    return isNone ? undefined : input
  }

  /** What an interrupted process asks for. */
  pausesOf({ status, steps }: ProcessInfo): readonly Pause[] {
    if (status !== 'interrupted') return []
    return steps
      .filter(step => step.status === 'interrupted')
      .flatMap(({ name: step, waits }) =>
        waits === undefined
          ? [new Pause(step, step, this.#schemaOf(step))]
          : waits
              .filter(wait => wait.for === 'answer')
              .map(({ name, schema }) => new Pause(`${step}/${name}`, name, schema as JsonSchema | undefined)),
      )
  }

  #schemaOf(step: string): JsonSchema | undefined {
    const planned = this.#plan.steps.find(({ name }) => name === step)
    const schema = planned?.kind === 'interrupt' ? planned.schema : planned?.kind === 'step' && planned.interrupt
    return typeof schema === 'object' ? jsonSchemaOf(schema) : undefined
  }
}

/** Something that `proceed` answers: a paused step, or what a step waits for in its work. */
export class Pause {
  /** Unique within the process. */
  readonly key: string
  /** For `proceed`. */
  readonly name: string
  readonly #data: ObjectSchema
  readonly #isKnown: boolean

  constructor(key: string, name: string, schema: JsonSchema | undefined) {
    this.key = key
    this.name = name
    this.#isKnown = schema !== undefined
    this.#data = objectSchema(schema ?? ANYTHING, 'data')
  }

  get schema(): JsonSchema {
    const { $schema: _, ...schema } = this.#data.schema
    return schema
  }

  /** The data for `proceed`. @throws SyntaxError */
  dataOf(content: Readonly<Record<string, unknown>> = {}): unknown {
    if (this.#isKnown) return this.#data.unwrap(content)
    const { data } = content
    return typeof data === 'string' && data !== '' ? JSON.parse(data) : undefined
  }
}
