import type { ProcessInfo } from '../record/info.ts'
import type { ProcessDefinition } from '../record/definition.ts'
import { planOf, type ProcessPlan } from '../steps/plan.ts'
import type { StandardSchemaV1 } from '../record/standard-schema.ts'
import { objectSchema, type JsonSchema, type ObjectSchema } from './json-schema.ts'

/** What a form may ask for where nothing is known of the data: any JSON, as text. */
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
    this.#input = objectSchema(this.#plan.inputSchema, 'input')
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

  /** What an interrupted process asks for; `undefined` if it does not wait for `proceed`. */
  pauseOf(info: ProcessInfo): Pause | undefined {
    const step = info.steps.find(({ status }) => status === 'interrupted')
    if (info.status !== 'interrupted' || step === undefined) return undefined
    const planned = this.#plan.steps.find(({ name }) => name === step.name)
    const schema = planned?.kind === 'interrupt' ? planned.schema : planned?.kind === 'step' && planned.interrupt
    return new Pause(step.name, typeof schema === 'object' ? schema : undefined)
  }
}

/** A pause that `proceed` ends. */
export class Pause {
  readonly step: string
  readonly #data: ObjectSchema
  readonly #isKnown: boolean

  constructor(step: string, schema: StandardSchemaV1 | undefined) {
    this.step = step
    this.#isKnown = schema !== undefined
    this.#data = objectSchema(schema, 'data', ANYTHING)
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
