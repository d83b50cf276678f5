import test from 'ava'
import { z } from 'zod'
import { planOf } from '../../src/steps/plan.ts'
import { fromSpecs } from '../../src/steps/from-specs.ts'
import { typed } from '../../src/steps/typed.ts'

interface Db {
  read(): string
}
class Foo {
  db: Db
  end: string
  constructor(db: Db, end: string) {
    this.db = db
    this.end = end
  }
  execute(data: { n: number }) {
    return { n: data.n + 1, s: this.db.read() + this.end }
  }
}
const services = { db: { read: () => 'read' } }

test('specs become steps in their order and run', async t => {
  const definition = fromSpecs(
    'specs',
    {
      foo: { class: Foo, services: ['db'], args: ['!'] },
      bar: { factory: () => ({ execute: (data: { s: string }) => data.s }) },
    },
    { input: typed<{ n: number }>(), version: '3', timeout: '5m' },
  )
  t.like(definition, { name: 'specs', version: '3' })
  t.deepEqual(
    definition.steps.map(step => step.name),
    ['foo', 'bar'],
  )
  t.is(planOf(definition).timeoutMs, 300_000)
  t.is(await definition.run({ n: 1 }, { services }), 'read!')
})

test('the input is checked', async t => {
  const definition = fromSpecs('specs', { foo: { factory: () => ({ execute: () => 1 }) } }, { input: z.string() })
  await t.throwsAsync(definition.run(5 as never), { code: 'ERR_INVALID_INPUT' })
})

test('bad arguments are refused', t => {
  const make = fromSpecs as (...args: unknown[]) => unknown
  const foo = { class: Foo }
  t.throws(() => make('A', { foo }), { instanceOf: TypeError, message: /name of a process.*received 'A'/ })
  t.throws(() => make('a', undefined), {
    instanceOf: TypeError,
    message: /specs of process 'a' must be an object.*received undefined/,
  })
  t.throws(() => make('a', [foo]), { instanceOf: TypeError, message: /specs of process 'a'/ })
  t.throws(() => make('a', { foo: { klass: Foo } }), {
    instanceOf: TypeError,
    message: /object spec of step 'foo'.*'klass'/,
  })
  t.throws(() => make('a', { 'foo bar': foo }), { instanceOf: TypeError, message: /received 'foo bar'/ })
  t.throws(() => make('a', { foo }, { name: 'b' }), { instanceOf: TypeError, message: /unknown key 'name'/ })
})
