import test from 'ava'
import { defineProcess, ProcessError, typed } from '../../src/index.ts'
import { openClient } from '../../src/client/index.ts'
import { createTestRuntime, memoryStore } from '../../src/testing/index.ts'
import { gate, settled } from './gate.ts'

class QuotaError extends Error {
  override name = 'QuotaError'
  readonly code = 'E_QUOTA'
}

const proxy = new Proxy(
  {},
  {
    get() {
      throw new Error('get trap')
    },
    getPrototypeOf() {
      throw new Error('prototype trap')
    },
    ownKeys() {
      throw new Error('keys trap')
    },
  },
)

const THROWN: Record<
  string,
  { value: unknown; name?: string; code?: string; message: RegExp; stack?: boolean; cause?: RegExp }
> = {
  'an Error with cause and code': {
    value: Object.assign(new Error('no file', { cause: new Error('deeper') }), { code: 'ENOENT' }),
    code: 'ENOENT',
    message: /^no file$/,
    stack: true,
    cause: /deeper/,
  },
  'a custom error': {
    value: new QuotaError('too much'),
    name: 'QuotaError',
    code: 'E_QUOTA',
    message: /^too much$/,
    stack: true,
  },
  'a string': { value: 'just text', message: /^just text$/ },
  undefined: { value: undefined, message: /undefined/ },
  null: { value: null, message: /null/ },
  'an object': { value: { why: 'because' }, message: /because/ },
  'an object with a message': { value: { message: 'told', code: 'X' }, code: 'X', message: /^told$/ },
  'a proxy whose traps throw': { value: proxy, message: /Thrown/ },
  'an error whose cause is itself': {
    value: (() => {
      const error = new Error('round')
      error.cause = error
      return error
    })(),
    message: /^round$/,
    stack: true,
  },
}

for (const [what, { value, name = 'Error', code, message, stack, cause }] of Object.entries(THROWN))
  for (const [how, work] of [
    [
      'throws',
      () => {
        throw value
      },
    ],
    ['rejects with', () => Promise.reject(value)],
  ] as const)
    test(`a step that ${how} ${what}`, async t => {
      const store = memoryStore()
      const definition = defineProcess({ name: 'failing' })
        .step('ok', () => 1)
        .step('bad', work as () => null)
      const runtime = await createTestRuntime({ processes: [definition], store })
      const job = await runtime.start(definition)
      const { error, steps, status, output } = await runtime.until(job.pid, 'error')
      t.is(status, 'error')
      t.is(output, undefined)
      t.like(error, { name, step: 'bad', attempt: 1 })
      t.regex(error?.message ?? '', message)
      t.is(error?.code, code)
      t.is(error?.stack !== undefined, stack === true)
      if (cause) t.regex(error?.cause?.message ?? '', cause)
      t.is(steps[1]?.status, 'error')
      t.regex(steps[1]?.error?.message ?? '', message)
      for (const result of [job.result(), runtime.result(job.pid), openClient(store).result(job.pid)]) {
        const thrown = await t.throwsAsync<ProcessError>(result, { instanceOf: ProcessError, code: 'ERR_STEP_FAILED' })
        t.like(thrown, { pid: job.pid, step: 'bad', attempt: 1 })
        t.regex((thrown.cause as Error).message, message)
        t.is((thrown.cause as { code?: string }).code, code)
      }
    })

test('a failure that nobody asks for is no unhandled rejection', async t => {
  const unhandled: unknown[] = []
  const listen = (reason: unknown) => void unhandled.push(reason)
  process.on('unhandledRejection', listen)
  t.teardown(() => process.off('unhandledRejection', listen))
  const definition = defineProcess({ name: 'lonely', input: typed<number>() }).step('bad', () => {
    throw new Error('nobody listens')
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const jobs = await Promise.all([1, 2, 3].map(n => runtime.start(definition, n)))
  await Promise.all(jobs.map(({ pid }) => runtime.until(pid, 'error')))
  await runtime.close()
  await settled()
  t.deepEqual(unhandled, [])
})

test('when, sleep functions and retry policies that throw are failures of their step', async t => {
  const when = defineProcess({ name: 'when' }).step('s', () => 1, {
    when: () => {
      throw new Error('in when')
    },
  })
  const sleep = defineProcess({ name: 'sleep' }).sleep('s', () => {
    throw new Error('in sleep')
  })
  const nonsense = defineProcess({ name: 'nonsense' }).sleep('s', () => 'later' as never)
  const policy = defineProcess({ name: 'policy' }).step(
    's',
    () => {
      throw new Error('in step')
    },
    {
      retry: {
        attempts: 3,
        when: () => {
          throw new Error('in policy')
        },
      },
    },
  )
  const factory = defineProcess({ name: 'factory' }).step('s', { factory: (() => ({})) as never } as never)
  const runtime = await createTestRuntime({ processes: [when, sleep, nonsense, policy, factory] })
  for (const [definition, message] of [
    [when, /in when/],
    [sleep, /in sleep/],
    [nonsense, /'later'/],
    [policy, /in step.*in policy/],
    [factory, /execute/],
  ] as const) {
    const job = await runtime.start(definition as typeof when)
    const error = await t.throwsAsync<ProcessError>(job.result(), { code: 'ERR_STEP_FAILED', message })
    t.is(error.step, 's')
  }
})

test('subscribers and inspectors that throw or reject harm nobody', async t => {
  const warnings: Error[] = []
  const warned = gate()
  const listen = (warning: Error) => {
    warnings.push(warning)
    if (['sync', 'async', 'inspector'].every(word => warnings.some(({ message }) => message.includes(word))))
      warned.open()
  }
  process.on('warning', listen)
  t.teardown(() => process.off('warning', listen))
  const go = gate()
  const definition = defineProcess({ name: 'watched' })
    .step('one', () => go.promise)
    .step('two', ({ progress }) => progress(1))
  let inspected = 0
  const runtime = await createTestRuntime({
    processes: [definition],
    inspect: () => {
      inspected += 1
      if (inspected < 3) throw new Error('inspector')
    },
  })
  const job = await runtime.start(definition)
  const told: string[] = []
  job.subscribe(() => {
    throw new Error('sync')
  })
  job.subscribe((async () => {
    throw new Error('async')
  }) as () => void)
  const stop = job.subscribe(({ status }) => void told.push(status))
  const stopped = job.subscribe(() => t.fail('told after it stopped'))
  stopped()
  go.open()
  await job.result()
  stop()
  t.true(told.length >= 2)
  t.is(told.at(-1), 'finished')
  t.true(inspected > 3)
  await warned.promise
})
