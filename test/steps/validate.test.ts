import test from 'ava'
import { type as ark } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { StepwrightError } from '../../src/errors.ts'
import { validate, validateInput } from '../../src/steps/validate.ts'
import type { StandardSchemaV1 } from '../../src/record/standard-schema.ts'

const plan = (inputSchema?: StandardSchemaV1) => ({
  name: 'import-dump',
  version: '1',
  steps: [],
  ...(inputSchema && { inputSchema }),
})

test('the input is what the schema makes of it', async t => {
  t.deepEqual((await validateInput(plan(z.object({ n: z.coerce.number() }) as never), { n: '5' })).value, { n: 5 })
  t.deepEqual((await validateInput(plan(v.object({ n: v.optional(v.number(), 3) }) as never), {})).value, { n: 3 })
  t.deepEqual((await validateInput(plan(ark({ n: 'number = 5' }) as never), {})).value, { n: 5 })
  t.deepEqual((await validateInput(plan(z.string().refine(async () => true) as never), 'x')).value, 'x')
  const input = { any: 'thing' }
  t.is((await validateInput(plan(), input)).value, input)
})

test('issues are told with their path', async t => {
  const schema = z.object({
    pages: z.array(z.object({ 'first name': z.string() })),
    file: z.string({ error: 'a path, please' }),
  })
  const error = await t.throwsAsync(validateInput(plan(schema as never), { pages: [{ 'first name': 1 }] }), {
    instanceOf: StepwrightError,
    code: 'ERR_INVALID_INPUT',
  })
  t.regex(error.message, /^The input of process 'import-dump' is invalid: /)
  t.true(error.message.includes('$.pages[0]["first name"]: '), error.message)
  t.true(error.message.includes('$.file: a path, please'), error.message)
})

const failing = (issues: unknown[]): StandardSchemaV1 => ({
  '~standard': { version: 1, vendor: 'x', validate: () => ({ issues: issues as [] }) },
})

test('paths of objects, many issues, long messages and escape codes', async t => {
  const tell = async (issues: unknown[]): Promise<string> =>
    (await t.throwsAsync(validate(failing(issues), 1, 'the data')))!.message
  t.is(await tell([{ message: 'no', path: [{ key: 'a' }, 0] }]), 'The data is invalid: $.a[0]: no')
  t.is(await tell([{ message: 'no' }]), 'The data is invalid: $: no')
  t.is(await tell([]), 'The data is invalid: ')
  t.regex(await tell(Array.from({ length: 13 }, () => ({ message: 'no' }))), /; and 3 more$/)
  t.true((await tell([{ message: 'x'.repeat(1e6) }])).length < 1000)
  t.is(await tell([{ message: '\u001b[31m' }]), String.raw`The data is invalid: $: \u001b[31m`)
})

test('a schema that throws is told, with its error as the cause', async t => {
  const cause = new Error('database is down')
  for (const fail of [
    () => {
      throw cause
    },
    async () => {
      throw cause
    },
  ]) {
    const schema: StandardSchemaV1 = { '~standard': { version: 1, vendor: 'x', validate: fail } }
    const error = await t.throwsAsync(validate(schema, 1, 'the data'), {
      code: 'ERR_INVALID_INPUT',
      message: 'The schema of the data threw: database is down',
    })
    t.is(error?.cause, cause)
  }
})
