import test from 'ava'
import { fromPromise, setup } from 'xstate'
import { defineProcess, typed, type ProcessDefinition } from '../../src/index.ts'
import { crashEverywhere, effect, type Steer } from '../../src/testing/index.ts'

interface Bank {
  charge(amount: number, key?: string): void
}
const bank: Bank = { charge: (_, key) => effect('charge', key) }

const order = (isSafe: boolean) =>
  defineProcess({ name: 'order', input: typed<{ amount: number }>(), services: typed<{ bank: Bank }>() })
    .step('price', ({ data }) => data.amount * 2)
    .step('charge', ({ data, services, idempotencyKey }) => {
      services.bank.charge(data, ...(isSafe ? [idempotencyKey] : []))
      return 'charged'
    })
    .step('thank', ({ data }) => `${data}, thank you`)

test('three lines tell that a definition is crash-safe', async t => {
  const { repeated, changed, outcome, deaths } = await crashEverywhere(
    order(true),
    { amount: 12 },
    { services: { bank } },
  )
  t.deepEqual([...repeated, ...changed], [])
  t.deepEqual(outcome, { status: 'finished', output: 'charged, thank you' })
  t.true(deaths >= 4)
})

test('a step without an idempotency key did something twice, and the record says when', async t => {
  const { repeated, changed } = await crashEverywhere(order(false), { amount: 12 }, { services: { bank } })
  t.deepEqual(changed, [])
  t.is(repeated.length, 1)
  t.like(repeated[0], {
    effect: 'charge',
    step: 'charge',
    times: 2,
    record: { event: { type: 'DONE', step: 'price' } },
  })
})

test('an outcome that a death changes is told', async t => {
  const first = defineProcess({ name: 'first' }).step('work', ({ attempt }) => attempt)
  const { repeated, changed, outcome } = await crashEverywhere(first)
  t.deepEqual(repeated, [])
  t.deepEqual(outcome.output, 1)
  t.like(changed, {
    length: 1,
    0: { outcome: { status: 'finished', output: 2 }, record: { event: { type: 'START' } } },
  })
})

const chart = setup({ actors: { work: fromPromise(async () => effect('machine')) } }).createMachine({
  initial: 'waits',
  states: {
    waits: { after: { 60_000: 'asks' } },
    asks: { on: { YES: 'works' } },
    works: { invoke: { src: 'work', onDone: 'end' } },
    end: { type: 'final' },
  },
})
const child = defineProcess({ name: 'child' }).step('inner', () => effect('inner'))
const begun = defineProcess({ name: 'kinds' })
/** Says yes too early as well: the machine ignores it then. */
const yes: Steer = ({ status }) => (status === 'interrupted' ? { proceed: {} } : { event: { type: 'YES' } })

/** Each kind of step with an effect that is not idempotent: which of them are done twice. */
const KINDS: Record<string, { readonly definition: ProcessDefinition; readonly twice: readonly string[] }> = {
  step: {
    definition: begun.step(
      'work',
      ({ attempt }) => {
        effect('work')
        if (attempt === 1) throw new Error('once')
        return null
      },
      { retry: { attempts: 5, delay: '1h' } },
    ),
    twice: ['work in work'],
  },
  parallel: {
    definition: begun.parallel('both', { a: () => effect('a'), b: () => effect('b') }),
    twice: ['a in both.a, both.b', 'b in both.a, both.b'],
  },
  each: {
    definition: begun.each(
      'all',
      () => [1, 2],
      ({ data }) => effect(`item ${data}`),
    ),
    twice: ['item 1 in all', 'item 2 in all'],
  },
  'each, of processes': {
    definition: begun.each('all', () => [null], child as never),
    twice: ['inner in inner'],
  },
  process: { definition: begun.process('child', child), twice: ['inner in child, inner'] },
  machine: { definition: begun.machine('chart', chart), twice: ['machine in chart'] },
  interrupt: {
    definition: begun.interrupt('ask', { timeout: '7d' }).step('after', () => effect('after')),
    twice: ['after in after'],
  },
  sleep: { definition: begun.sleep('rest', '7d').step('after', () => effect('after')), twice: ['after in after'] },
}

for (const [kind, { definition, twice }] of Object.entries(KINDS))
  test(`a step of kind ${kind}`, async t => {
    const { repeated, changed, outcome } = await crashEverywhere(definition, undefined, { steer: yes })
    t.is(outcome.status, 'finished', outcome.error)
    t.deepEqual(changed, [])
    t.deepEqual([...new Set(repeated.map(({ effect, step }) => `${effect} in ${step}`))].toSorted(), [...twice])
  })

test('waits that only the clock of the test ends do not hold it up', async t => {
  const flaky = begun.each(
    'all',
    () => [1],
    ({ attempt }) => {
      if (attempt === 1) throw new Error('once')
      return 'done'
    },
    { retry: { attempts: 3, delay: '1h' } },
  )
  const { outcome, changed } = await crashEverywhere(flaky)
  t.deepEqual([outcome, changed], [{ status: 'finished', output: ['done'] }, []])
})

test('a process that waits for a client in vain is told', async t => {
  await t.throwsAsync(crashEverywhere(begun.interrupt('ask')), {
    message: /kinds is interrupted in step 'ask'.*option steer/,
  })
  await t.throwsAsync(crashEverywhere(begun.interrupt('ask'), undefined, { stear: yes } as never), {
    message: /unknown key 'stear'/,
  })
})

test('outside of it, effect does nothing', t => {
  t.notThrows(() => effect('charge'))
})
