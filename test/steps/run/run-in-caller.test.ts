import test from 'ava'
import { z } from 'zod'
import { ProcessError, ProcessTimeoutError, StepwrightError } from '../../../src/errors.ts'
import { defineProcess } from '../../../src/steps/define-process.ts'
import { FatalError, RetryError } from '../../../src/steps/fatal.ts'
import { typed } from '../../../src/steps/typed.ts'
import type { StepContext } from '../../../src/steps/work.ts'

const p = defineProcess({ name: 'p', input: typed<{ n: number }>() })
const never = (): Promise<number> => new Promise(() => {})
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

test('steps run in order, each on the output of the one before', async t => {
  const definition = p
    .step('add', ({ data }) => ({ n: data.n + 1 }))
    .step('double', async ({ data, input }) => ({ n: data.n * 2, first: input.n }))
    .step('spec', {
      class: class {
        execute(data: { n: number; first: number }) {
          return [data.n, data.first]
        }
      },
    })
  t.deepEqual(await definition.run({ n: 1 }), [4, 1])
})

test('the context has all a step is given', async t => {
  const services = { db: 1 }
  let seen: StepContext<any, any, any> | undefined
  await defineProcess({ name: 'p', services: typed<{ db: number }>() })
    .step('look', context => {
      seen = context
      context.progress(1, 2, 'half')
      context.log('hello', { a: 1 })
    })
    .run({ a: 1 }, { services })
  t.like(seen, { data: { a: 1 }, input: { a: 1 }, pid: 'run', step: 'look', attempt: 1, idempotencyKey: 'run:look' })
  t.is(seen!.services, services)
  t.true(seen!.signal instanceof AbortSignal)
})

test('each attempt gets a fresh copy of the JSON data', async t => {
  const given = { list: [1] }
  const seen: string[] = []
  const output = await defineProcess({ name: 'p', input: typed<{ list: number[] }>() })
    .step(
      'first',
      ({ data, input, attempt }) => {
        seen.push(JSON.stringify([data, input]))
        data.list.push(2)
        input.list.push(3)
        if (attempt < 3) throw new Error('again')
        return { list: data.list, gone: undefined }
      },
      { retry: { attempts: 3, delay: 0 } },
    )
    .step('second', ({ data, input }) => ({ data, input }))
    .run(given)
  t.deepEqual(
    seen,
    Array.from({ length: 3 }, () => '[{"list":[1]},{"list":[1]}]'),
  )
  t.deepEqual(given, { list: [1] })
  t.deepEqual<unknown, unknown>(output, { data: { list: [1, 2] }, input: { list: [1] } })
})

test('the input is parsed by the schema', async t => {
  const definition = defineProcess({ name: 'p', input: z.object({ n: z.coerce.number() }) }).step(
    'n',
    ({ data }) => data.n,
  )
  t.is(await definition.run({ n: '5' }), 5)
  await t.throwsAsync(definition.run({ n: 'x' }), { code: 'ERR_INVALID_INPUT', message: /process 'p'.*\$\.n: / })
})

test('a step is skipped when `when` says no, and its input goes on', async t => {
  const definition = p
    .step('skip', ({ data }) => ({ n: -data.n }), { when: ({ data }) => data.n > 3 })
    .step('last', ({ data }) => data.n)
  t.is(await definition.run({ n: 1 }), 1)
  t.is(await definition.run({ n: 4 }), -4)
})

test('a failing step rejects with the step, the attempt and the very thing thrown', async t => {
  const cause = new RangeError('boom')
  const error = await t.throwsAsync(
    p
      .step('fail', () => {
        throw cause
      })
      .run({ n: 1 }),
    { instanceOf: ProcessError },
  )
  t.like(error, {
    code: 'ERR_STEP_FAILED',
    message: `Step 'fail' of process 'p' failed: boom`,
    step: 'fail',
    attempt: 1,
    pid: 'run',
  })
  t.is(error.cause, cause)

  const text = await t.throwsAsync(p.step('fail', () => Promise.reject('text')).run({ n: 1 }), {
    instanceOf: ProcessError,
  })
  t.like(text, { message: `Step 'fail' of process 'p' failed: 'text'`, cause: 'text' })
})

test('an output that is not JSON fails the step at once, with its code', async t => {
  let attempts = 0
  const step = (): any => (attempts++, { at: new Date() })
  const error = await t.throwsAsync(p.step('date', step, { retry: 3 }).run({ n: 1 }), {
    instanceOf: ProcessError,
    code: 'ERR_NOT_JSON',
  })
  t.regex(error.message, /Step 'date'.*\$\.at is a Date/)
  t.true(error.cause instanceof StepwrightError)
  t.is(attempts, 1)
})

test('a failing `when` and a failing time of a sleep fail their step', async t => {
  const cause = new Error('boom')
  const fail = (): never => {
    throw cause
  }
  t.like(await t.throwsAsync(p.step('a', () => 1, { when: fail }).run({ n: 1 })), {
    code: 'ERR_STEP_FAILED',
    step: 'a',
    cause,
  })
  t.like(await t.throwsAsync(p.sleep('b', fail).run({ n: 1 })), { code: 'ERR_STEP_FAILED', step: 'b', cause })
})

test('a step is retried as its policy and its errors say', async t => {
  const errors: unknown[] = [new Error('1'), new Error('2'), new Error('3'), new Error('4')]
  const failing = ({ attempt }: { attempt: number }): number => {
    throw errors[attempt - 1]
  }
  const attempts = async (
    retry: number | { attempts: number; delay: number; when?: (error: unknown, attempt: number) => boolean },
  ) => (await t.throwsAsync(p.step('fail', failing, { retry }).run({ n: 1 }), { instanceOf: ProcessError })).attempt
  t.is(await attempts({ attempts: 3, delay: 0 }), 3)
  t.is(await attempts(1), 1)
  t.is(
    await attempts({ attempts: 4, delay: 0, when: (error, attempt) => error === errors[attempt - 1] && attempt < 2 }),
    2,
  )
  errors[1] = new FatalError('no more')
  t.is(await attempts({ attempts: 4, delay: 0 }), 2)
})

test('a RetryError sets the wait', async t => {
  let failedAt = 0
  const waited = await p
    .step(
      'limited',
      ({ attempt }) => {
        if (attempt > 1) return Date.now() - failedAt
        failedAt = Date.now()
        throw new RetryError('slow down', { after: '60ms' })
      },
      { retry: { attempts: 2, delay: '1h', maxDelay: '1h' } },
    )
    .run({ n: 1 })
  t.true(waited >= 55, String(waited))
})

test('a step timeout aborts the signal and fails the attempt', async t => {
  const reasons: unknown[] = []
  const definition = p.step(
    'slow',
    ({ signal }) =>
      untilAborted(signal).catch(reason => {
        reasons.push(reason)
        throw new Error('ignored')
      }),
    {
      timeout: '20ms',
      retry: { attempts: 2, delay: 0 },
    },
  )
  const error = await t.throwsAsync(definition.run({ n: 1 }), { instanceOf: ProcessError, code: 'ERR_STEP_TIMEOUT' })
  t.like(error, { step: 'slow', attempt: 2 })
  t.true(error.cause instanceof StepwrightError)
  t.is(reasons.length, 2)
  t.is(reasons[1], error.cause)
})

test('a retry begins only when the attempt that timed out has settled', async t => {
  let running = 0
  const output = await p
    .step(
      'slow',
      async ({ attempt }) => {
        t.is(running++, 0)
        if (attempt === 1) await new Promise(resolve => setTimeout(resolve, 80))
        running--
        return attempt
      },
      { timeout: '20ms', retry: { attempts: 2, delay: 0 } },
    )
    .run({ n: 1 })
  t.is(output, 2)
})

test('the process timeout ends a step that ignores its signal', async t => {
  const definition = defineProcess({ name: 'p', timeout: '30ms' })
    .step('ok', () => 1)
    .step('hang', never, { retry: 5 })
  const error = await t.throwsAsync(definition.run(), { instanceOf: ProcessTimeoutError, code: 'ERR_PROCESS_TIMEOUT' })
  t.regex(error.message, /Process 'p' ran longer than 30 ms/)
})

test('the process timeout counts retry waits, and not sleeps', async t => {
  const define = (): ReturnType<typeof defineProcess> => defineProcess({ name: 'p', timeout: '200ms' })
  t.is(
    await define()
      .sleep('rest', '250ms')
      .step('ok', () => 1)
      .run(),
    1,
  )
  const waiting = define().step(
    'fail',
    () => {
      throw new Error('x')
    },
    { retry: { attempts: 2, delay: '1h', maxDelay: '1h' } },
  )
  await t.throwsAsync(waiting.run(), { code: 'ERR_PROCESS_TIMEOUT' })
})

test('a sleep waits for a duration, a date or what a function says', async t => {
  const before = Date.now()
  await p
    .sleep('a', '20ms')
    .sleep('b', ({ data }) => data.n * 20)
    .sleep('c', new Date(0))
    .step('x', () => 1)
    .run({ n: 1 })
  t.true(Date.now() - before >= 38)
})

test('the caller can abort everything that waits', async t => {
  const retry = { attempts: 2, delay: '1h', maxDelay: '1h' } as const
  const reason = new Error('enough')
  for (const [title, definition] of Object.entries({
    hanging: p.step('hang', never),
    sleeping: p.sleep('rest', '1h'),
    waiting: p.step(
      'fail',
      () => {
        throw new Error('x')
      },
      { retry },
    ),
  })) {
    const controller = new AbortController()
    const running = definition.run({ n: 1 }, { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 10)
    t.is(await t.throwsAsync<Error>(running), reason, title)
  }
  let ran = false
  await t.throwsAsync(
    p
      .step('a', () => {
        ran = true
      })
      .run({ n: 1 }, { signal: AbortSignal.abort(reason) }),
    { is: reason },
  )
  t.false(ran)
})

test('what cannot run is refused before anything starts', async t => {
  let ran = false
  const begun = p.step('first', () => {
    ran = true
  })
  const refuse = async (definition: unknown, message: RegExp, ...args: unknown[]): Promise<void> => {
    await t.throwsAsync((definition as typeof begun).run({ n: 1 }, ...(args as [])), { instanceOf: TypeError, message })
  }
  await refuse(
    begun.interrupt('sign-off'),
    /Process 'p' cannot run in its caller: step 'sign-off' waits for proceed\(\).*runtime/,
  )
  await refuse(
    begun.step('review', () => 1, { interrupt: true }),
    /step 'review' waits/,
  )
  const needsDb = begun.step('foo', { factory: (_db: string) => ({ execute: () => 1 }), services: ['db'] })
  await refuse(needsDb, /services of run\(\) of process 'p' must be an object with db; received \{\}/)
  await refuse(needsDb, /an object with db; received \{ mail: 1 \}/, { services: { mail: 1 } })
  await refuse(begun, /unknown key 'service'/, { service: {} })
  await refuse(begun, /services of run.*must be an object; received 5/, { services: 5 })
  await refuse(begun, /must be an AbortSignal; received \{\}/, { signal: {} })
  await refuse(begun, /options of run.*received null/, null)
  await refuse(p, /has no steps/)
  t.false(ran)
})
