import test from 'ava'
import { type as ark } from 'arktype'
import { z } from 'zod'
import { defineProcess } from '../../src/steps/define-process.ts'
import { planOf } from '../../src/steps/plan.ts'
import { typed } from '../../src/steps/typed.ts'

/** Without types: what JavaScript and casts let through must be refused as well. */
const define = defineProcess as unknown as (options: unknown) => any
const p = define({ name: 'p' })
class Foo {
  execute() {
    return 1
  }
}

test('a definition has a name, a version and its steps', t => {
  const definition = defineProcess({ name: 'import-dump', version: '2' })
    .step('read', () => 1)
    .sleep('rest', '1s')
    .interrupt('review')
  t.like(definition, { name: 'import-dump', version: '2' })
  t.deepEqual(definition.steps, [
    { name: 'read', kind: 'step' },
    { name: 'rest', kind: 'sleep' },
    { name: 'review', kind: 'interrupt' },
  ])
  t.is(defineProcess({ name: 'a' }).version, '1')
})

test('the builder is immutable, so that one beginning can have two ends', t => {
  const begun = defineProcess({ name: 'p' }).step('a', () => 1)
  const left = begun.step('b', () => 2)
  const right = begun.step('c', () => 3).step('b', () => 4)
  t.deepEqual(
    [begun, left, right].map(({ steps }) => steps.map(step => step.name).join('')),
    ['a', 'ab', 'acb'],
  )
  t.true(Object.isFrozen(begun) && Object.isFrozen(begun.steps) && Object.isFrozen(begun.steps[0]))
  t.throws(
    () => {
      ;(begun as any).name = 'other'
    },
    { instanceOf: TypeError },
  )
  t.throws(
    () => {
      ;(begun.steps as any).push(1)
    },
    { instanceOf: TypeError },
  )
})

test('the plan has every option checked and in milliseconds', t => {
  const input = z.object({ file: z.string() })
  const data = z.object({ by: z.string() })
  const read = (): number => 1
  const when = (): boolean => true
  const compute = (): Date => new Date()
  const plan = planOf(
    defineProcess({ name: 'p', input, services: typed<{ db: 1 }>(), timeout: '5m' })
      .step('read', read, { timeout: '30s', retry: 3, when, interrupt: data })
      .step('plain', read, { timeout: undefined, retry: 1, interrupt: false })
      .step('foo', { class: Foo })
      .step('pause', read, { interrupt: true })
      .interrupt('review', { timeout: '7d', schema: data })
      .interrupt('bare')
      .sleep('ten', '10m')
      .sleep('until', new Date(5))
      .sleep('computed', compute),
  )
  t.deepEqual(plan, {
    name: 'p',
    version: '1',
    inputSchema: input,
    timeoutMs: 300_000,
    steps: [
      {
        kind: 'step',
        name: 'read',
        work: read,
        when,
        timeoutMs: 30_000,
        interrupt: data,
        retry: { attempts: 3, delayMs: 1000, factor: 2, maxDelayMs: 60_000, jitter: true },
      },
      { kind: 'step', name: 'plain', work: read },
      { kind: 'step', name: 'foo', work: { class: Foo } },
      { kind: 'step', name: 'pause', work: read, interrupt: true },
      { kind: 'interrupt', name: 'review', timeoutMs: 604_800_000, schema: data },
      { kind: 'interrupt', name: 'bare' },
      { kind: 'sleep', name: 'ten', until: { ms: 600_000 } },
      { kind: 'sleep', name: 'until', until: { at: 5 } },
      { kind: 'sleep', name: 'computed', until: { compute } },
    ],
  } as never)
})

test('a spec is copied: changing it later changes nothing', t => {
  const spec = { class: Foo, services: ['db'], args: [1] }
  const plan = planOf(p.step('foo', spec))
  spec.services.push('mail')
  spec.args = []
  t.deepEqual(plan.steps[0], { kind: 'step', name: 'foo', work: { class: Foo, services: ['db'], args: [1] } } as never)
})

test('classes with execute as a field, inherited or by a getter are fine, and function constructors and bound ones', t => {
  function Old(this: any) {
    this.execute = () => 1
  }
  const classes = [
    class {
      execute = () => 1
    },
    class extends Foo {},
    class {
      get execute() {
        return () => 1
      }
    },
    Old,
    Foo.bind(null),
    class extends Foo {
      constructor() {
        super()
        t.fail()
      }
    },
  ]
  t.notThrows(() => {
    for (const constructor of classes) p.step('foo', { class: constructor })
  })
})

test('schemas that are functions are schemas', t => {
  t.notThrows(() => define({ name: 'p', input: ark({ a: 'string' }) }).step('a', () => 1, { interrupt: ark('string') }))
})

const read = (): number => 1
const refused: [title: string, make: () => unknown, message: RegExp][] = [
  [
    'no options',
    () => define(undefined),
    /options of defineProcess\(\) must be an object with name, .*; received undefined/,
  ],
  ['a name as options', () => define('p'), /received 'p'/],
  [
    'unknown option',
    () => define({ name: 'p', timout: '5m' }),
    /name, version, input, services, timeout.*; received the unknown key 'timout'/,
  ],
  ['no name', () => define({}), /name of a process must be.*received undefined/],
  ['bad name', () => define({ name: 'Import Dump' }), /received 'Import Dump'/],
  ['bad version', () => define({ name: 'p', version: 2 }), /version of process 'p' must be.*received 2/],
  [
    'bad input',
    () => define({ name: 'p', input: { file: 'string' } }),
    /input of process 'p' must be a Standard Schema.*received \{ file: 'string' \}/,
  ],
  ['bad input: null', () => define({ name: 'p', input: null }), /received null/],
  [
    'real services',
    () => define({ name: 'p', services: { db: {} } }),
    /services of process 'p' must be a Standard Schema.*typed<T>\(\).*received/,
  ],
  [
    'a schema for services',
    () => define({ name: 'p', services: z.object({}) }),
    /services of process 'p' must be typed<T>\(\)/,
  ],
  ['bad timeout', () => define({ name: 'p', timeout: '5 minutes' }), /timeout of process 'p'.*received '5 minutes'/],
  ['bad step name', () => p.step('a b', read), /name of a step of process 'p'.*received 'a b'/],
  ['name of Object.prototype', () => p.step('constructor', read), /every object has/],
  ['duplicate', () => p.step('read', read).sleep('read', 1), /Step 'read' exists already in process 'p'/],
  ['duplicate of an interrupt', () => p.interrupt('read').step('read', read), /exists already/],
  [
    'no work',
    () => p.step('read'),
    /work of step 'read' must be a function, \{ class \}, \{ factory \} or \{ module \}; received undefined/,
  ],
  [
    'a class as work',
    () => p.step('read', Foo),
    /must be a function, or \{ class: Foo \} for a class; received \[class Foo\]/,
  ],
  ['an empty spec', () => p.step('read', {}), /must be an object with either class or factory; received \{\}/],
  ['both class and factory', () => p.step('read', { class: Foo, factory: read }), /either class or factory/],
  [
    'unknown key of a spec',
    () => p.step('read', { class: Foo, arg: [] }),
    /object spec of step 'read' .*unknown key 'arg'/,
  ],
  ['an array as work', () => p.step('read', [read]), /object spec of step 'read'.*received \[/],
  [
    'class: no constructor',
    () => p.step('read', { class: read }),
    /class of step 'read' must be a class; received \[Function: read\]/,
  ],
  ['class: an instance', () => p.step('read', { class: new Foo() }), /must be a class; received Foo \{\}/],
  ['class: undefined', () => p.step('read', { class: undefined }), /must be a class; received undefined/],
  [
    'class: execute is no function',
    () => p.step('read', { class: badExecute() }),
    /execute of class of step 'read' must be a function.*received 5/,
  ],
  [
    'factory: no function',
    () => p.step('read', { factory: {} }),
    /factory of step 'read' must be a function; received \{\}/,
  ],
  [
    'services: no array',
    () => p.step('read', { class: Foo, services: 'db' }),
    /services of step 'read' must be an array of names.*received 'db'/,
  ],
  ['services: no strings', () => p.step('read', { class: Foo, services: [{}] }), /services of step 'read'/],
  [
    'args: no array',
    () => p.step('read', { class: Foo, args: 'x' }),
    /args of step 'read' must be an array, or a function that returns one; received 'x'/,
  ],
  [
    'options of a step: unknown',
    () => p.step('read', read, { timout: '5m' }),
    /options of step 'read' .*unknown key 'timout'/,
  ],
  ['options of a step: no object', () => p.step('read', read, '5m'), /options of step 'read' must be an object/],
  ['options of a step: null', () => p.step('read', read, null), /received null/],
  ['step timeout', () => p.step('read', read, { timeout: -1 }), /timeout of step 'read'.*received -1/],
  ['retry', () => p.step('read', read, { retry: 0 }), /attempts of retry of step 'read'.*received 0/],
  ['when', () => p.step('read', read, { when: true }), /when of step 'read' must be a function; received true/],
  [
    'interrupt of a step',
    () => p.step('read', read, { interrupt: 'yes' }),
    /interrupt of step 'read' must be a Standard Schema.*received 'yes'/,
  ],
  ['options of an interrupt', () => p.interrupt('i', { dat: 1 }), /options of interrupt 'i' .*unknown key 'dat'/],
  ['schema of an interrupt', () => p.interrupt('i', { schema: true }), /schema of interrupt 'i'.*received true/],
  ['timeout of an interrupt', () => p.interrupt('i', { timeout: '7 d' }), /timeout of interrupt 'i'.*received '7 d'/],
  ['sleep', () => p.sleep('s', '10 m'), /time of sleep 's'.*received '10 m'/],
  ['sleep: nothing', () => p.sleep('s'), /time of sleep 's'.*received undefined/],
  [
    'sleep: invalid date',
    () => p.sleep('s', new Date('x')),
    /time of sleep 's' must be a valid Date.*received Invalid Date/,
  ],
]

function badExecute(): unknown {
  const Bad = class extends Map {}
  Object.defineProperty(Bad.prototype, 'execute', { value: 5 })
  return Bad
}

for (const [title, make, message] of refused) {
  test(`refused: ${title}`, t => {
    t.throws(make, { instanceOf: TypeError, message })
  })
}

test('planOf takes definitions with steps and nothing else', t => {
  for (const value of [undefined, null, 'p', {}, { name: 'p', version: '1', steps: [] }, () => 1]) {
    t.throws(() => planOf(value), {
      instanceOf: TypeError,
      message: /must be what defineProcess\(\) or fromSpecs\(\) returns; received/,
    })
  }
  t.throws(() => planOf(p), { instanceOf: TypeError, message: /Process 'p' has no steps/ })
})
