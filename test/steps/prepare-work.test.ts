import test from 'ava'
import { defineProcess } from '../../src/steps/define-process.ts'
import { missingServices, planOf, worksOf } from '../../src/steps/plan.ts'
import { prepare } from '../../src/steps/prepare-work.ts'
import type { StepContext, Work } from '../../src/steps/work.ts'

const context = { data: { n: 1 }, step: 'foo' } as StepContext<any, any, any>
const call = (work: Work, services: object = {}): unknown => prepare(work, services)(context)

class Foo {
  static made = 0
  given: unknown[]
  constructor(...given: unknown[]) {
    this.given = given
    Foo.made++
  }
  execute(data: unknown, given: unknown) {
    return { data, sameContext: given === context, given: this.given }
  }
}

test('a function gets the context', t => {
  t.is(
    call(given => given),
    context,
  )
})

test('a class is constructed once an attempt: services first, then args', t => {
  const db = {}
  const args = [{ a: 1 }]
  const work = prepare({ class: Foo, services: ['db', 'undef'], args } as Work, { db, undef: undefined })
  Foo.made = 0
  const result = work(context) as { given: unknown[] }
  t.deepEqual(result, { data: context.data, sameContext: true, given: [db, undefined, args[0]] } as never)
  t.is(result.given[0], db)
  t.is(result.given[2], args[0])
  work(context)
  t.is(Foo.made, 2)
})

test('a factory, and an execute that is a field or inherited', t => {
  t.is(call({ factory: (n: number) => ({ execute: (data: { n: number }) => data.n + n }), args: [5] } as Work), 6)
  t.is(
    call({
      class: class {
        execute = () => 'field'
      },
    }),
    'field',
  )
  t.like(call({ class: class extends Foo {} }), { given: [] })
})

test('an object without execute is told with the step and its maker', t => {
  t.throws(
    () =>
      call({
        class: class Bar {
          run() {}
        },
      } as never),
    { instanceOf: TypeError, message: /^Step 'foo': class Bar must make an object.*it made Bar \{\}/ },
  )
  t.throws(() => call({ factory: function makeBar() {} } as never), {
    instanceOf: TypeError,
    message: /factory makeBar.*it made undefined/,
  })
})

test('services that specs need and that are not there are listed once', t => {
  const plan = planOf(
    (defineProcess({ name: 'p' }) as any)
      .step('a', { class: Foo, services: ['db', 'mail'] })
      .step('b', { factory: () => new Foo(), services: ['db', 'log'] })
      .step('c', () => 1)
      .sleep('d', 1),
  )
  t.deepEqual(missingServices(worksOf(plan), { mail: undefined }), ['db', 'log'])
  t.deepEqual(missingServices(worksOf(plan), Object.create({ db: 1, log: 1, mail: 1 })), [])
  t.deepEqual(missingServices(worksOf(plan)), ['db', 'mail', 'log'])
})
