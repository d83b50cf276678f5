/** Ordinary outputs of steps that must not be refused. */
import { type as ark } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { defineProcess } from '../../../src/steps/define-process.ts'
import type { NotJson } from '../../../src/record/not-json.ts'
import { typed } from '../../../src/steps/typed.ts'

interface Row {
  id: number
  name: string
  note?: string
  maybe?: number | undefined
  parent: Row | null
}
interface Tree {
  value: string
  children: Tree[]
  byName: Record<string, Tree>
}
type JsonValue = null | boolean | number | string | JsonValue[] | { [k: string]: JsonValue }
interface JsonObject {
  [k: string]: JsonValue
}
type Colour = 'red' | 'blue'
type UserId = string & { readonly __brand: 'UserId' }
declare const brand: unique symbol
interface Branded {
  readonly [brand]: true
  id: number
}
class Point {
  x = 1
  y = 2
}
class PrivatePoint {
  private x = 1
  protected y = 2
  sum = 3
  constructor() {
    void this.x
  }
}
interface Deep {
  a: { b: { c: { d: { e: { f: { g: Row[] } } } } } }
}
type Shape =
  | { kind: 'circle'; r: number }
  | { kind: 'square'; side: number }
  | { kind: 'path'; points: readonly (readonly [number, number])[] }
type Page<T> = { items: T[]; next?: string }
interface PackageJson {
  name: string
  version?: string
  dependencies?: Record<string, string>
  [other: string]: unknown
}

type Ok<T> = [NotJson<T>] extends [never] ? true : NotJson<T>
export const accepted: true[] = [
  true satisfies Ok<Row>,
  true satisfies Ok<Tree>,
  true satisfies Ok<JsonValue>,
  true satisfies Ok<JsonObject>,
  true satisfies Ok<Colour>,
  true satisfies Ok<UserId>,
  true satisfies Ok<{ id: UserId }>,
  true satisfies Ok<Branded>,
  true satisfies Ok<Point>,
  true satisfies Ok<Deep>,
  true satisfies Ok<Shape>,
  true satisfies Ok<Page<Row>>,
  true satisfies Ok<PackageJson>,
  true satisfies Ok<unknown>,
  true satisfies Ok<any>,
  true satisfies Ok<never>,
  true satisfies Ok<void>,
  true satisfies Ok<undefined>,
  true satisfies Ok<null>,
  true satisfies Ok<object>,
  true satisfies Ok<{}>,
  true satisfies Ok<any[]>,
  true satisfies Ok<unknown[]>,
  true satisfies Ok<Record<string, unknown>>,
  true satisfies Ok<Record<string, any>>,
  true satisfies Ok<readonly string[]>,
  true satisfies Ok<[string, number?]>,
  true satisfies Ok<{ a: any; b: unknown }>,
  true satisfies Ok<Partial<Row>>,
  true satisfies Ok<PrivatePoint>,
  true satisfies Ok<`a-${string}`>,
  true satisfies Ok<{ readonly a?: readonly Row[] }>,
  true satisfies Ok<(string | undefined)[]>,
  true satisfies Ok<Record<'a' | 'b', Row>>,
  true satisfies Ok<{ [x: number]: Row }>,
  true satisfies Ok<{ a: 1 } & Disposable>,
]

type Why<T> = NotJson<T>
export const refused: string[] = [
  '$ is a function' satisfies Why<() => void>,
  '$.a is a Date: return toISOString()' satisfies Why<{ a?: Date }>,
  '$ has methods: return a plain object' satisfies Why<Response>,
  '$[] is a bigint: return String()' satisfies Why<bigint[]>,
  '$.m is a Map: return Object.fromEntries()' satisfies Why<{ m: Map<string, Date> }>,
  '$.u is not plain data' satisfies Why<{ u: URL }>,
  '$ is not plain data' satisfies Why<Error>,
]

// Schemas of three libraries.
const zodInput = z.object({
  id: z.string().brand<'Id'>(),
  at: z.iso.datetime(),
  tags: z.array(z.string()).optional(),
  meta: z.record(z.string(), z.unknown()),
  kind: z.enum(['a', 'b']),
  n: z.number().nullable(),
  t: z.tuple([z.string(), z.number()]),
  j: z.json(),
})
const valibotInput = v.object({
  id: v.pipe(v.string(), v.brand('Id')),
  tags: v.optional(v.array(v.string())),
  n: v.optional(v.number(), 5),
  k: v.variant('t', [v.object({ t: v.literal('a') }), v.object({ t: v.literal('b'), x: v.number() })]),
})
const arkInput = ark({ id: 'string', 'tags?': 'string[]', n: 'number = 5', when: 'string.date' })
defineProcess({ name: 'zod', input: zodInput })
  .step('a', ({ data }) => data)
  .step('b', ({ data }) => data.tags)
defineProcess({ name: 'valibot', input: valibotInput })
  .step('a', ({ data }) => ({ ...data, n: data.n.toFixed() }))
  .step('b', ({ data }) => data.k)
defineProcess({ name: 'arktype', input: arkInput })
  .step('a', ({ data }) => data)
  .step('b', ({ data }) => data.tags?.[0] ?? data.n)
defineProcess({ name: 'typed', input: typed<Tree>() })
  .step('children', ({ data }) => data.children)
  .step('by-name', ({ data }) => data.map(child => child.byName))
  .step('never', () => {
    throw new Error('x')
  })
  .step('void', async () => {})
  .step('any', () => JSON.parse('{}'))
  .step('foo', ({ data }) => data.foo)
  .step('unknown', ({ data }) => data as unknown)
  .step('row', (): Row => ({ id: 1, name: 'x', parent: null }))
  .step('class', () => new Point())
  .step('maybe', ({ data }) => (data.x > 3 ? { a: 1 } : undefined))
