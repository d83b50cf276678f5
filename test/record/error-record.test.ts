import test from 'ava'
import * as fc from 'fast-check'
import { toErrorRecord } from '../../src/record/error-record.ts'
import { fromErrorRecord } from '../../src/record/error-record.ts'

const KIB16 = 16 * 1024

test('an error keeps its name, message, stack, code and causes', t => {
  const root = Object.assign(new RangeError('root'), { code: 'ERR_ROOT' })
  const error = Object.assign(new TypeError('top', { cause: root }), { code: 5 })
  const record = toErrorRecord(error)
  t.deepEqual(record, {
    name: 'TypeError',
    message: 'top',
    stack: error.stack!,
    code: 5,
    cause: { name: 'RangeError', message: 'root', stack: root.stack!, code: 'ERR_ROOT' },
  })
  t.deepEqual(JSON.parse(JSON.stringify(record)), record)
})

test('whatever is thrown becomes a record', t => {
  t.deepEqual(toErrorRecord('text'), { name: 'Error', message: 'text' })
  t.deepEqual(toErrorRecord(undefined), { name: 'Error', message: 'Thrown: undefined' })
  t.deepEqual(toErrorRecord(null), { name: 'Error', message: 'Thrown: null' })
  t.deepEqual(toErrorRecord(5n), { name: 'Error', message: 'Thrown: 5n' })
  t.deepEqual(toErrorRecord({ status: 404 }), { name: 'Error', message: 'Thrown: { status: 404 }' })
  t.deepEqual(toErrorRecord({ message: 'no', name: 'HttpError', code: 'E' }), {
    name: 'HttpError',
    message: 'no',
    code: 'E',
  })
  t.like(
    toErrorRecord(() => {}),
    { name: 'Error' },
  )
  t.like(toErrorRecord(new DOMException('stop', 'AbortError')), { name: 'AbortError', message: 'stop', code: 20 })
})

test('anything at all gives JSON and never a throw', t => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withBoxedValues: true }),
      thrown => {
        const record = toErrorRecord(thrown)
        t.deepEqual(JSON.parse(JSON.stringify(record)), record)
        t.true(fromErrorRecord(record) instanceof Error)
      },
    ),
  )
})

test('proxies and getters that throw are survived', t => {
  const fail = (): never => {
    throw new Error('trap')
  }
  const everything = new Proxy(
    {},
    Object.fromEntries(
      ['get', 'has', 'getPrototypeOf', 'ownKeys', 'getOwnPropertyDescriptor'].map(trap => [trap, fail]),
    ),
  )
  t.regex(toErrorRecord(everything).message, /^Thrown: /)
  const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
  revoke()
  t.regex(toErrorRecord(proxy).message, /^Thrown: /)
  const error = new Error('kept')
  for (const key of ['name', 'stack', 'code', 'cause', 'errors']) Object.defineProperty(error, key, { get: fail })
  t.deepEqual(toErrorRecord(error), { name: 'Error', message: 'kept' })
})

test('an AggregateError tells its first errors', t => {
  const errors = ['a', 'b', 'c', 'd', 'e'].map(text => new Error(text))
  t.is(toErrorRecord(new AggregateError(errors, 'All failed')).message, 'All failed: a; b; c (and 2 more)')
  const loop = new AggregateError([], 'loop')
  loop.errors.push(loop)
  t.is(toErrorRecord(loop).message, 'loop: loop')
})

test('a message of 100 MB is cut, and the frames of its stack are kept', t => {
  const error = new Error('x'.repeat(100 * 1024 * 1024))
  const { message, stack } = toErrorRecord(error)
  t.true(message.length < KIB16 + 50)
  t.true(message.endsWith('more characters)'))
  t.true(stack!.length < KIB16 + 50)
  t.regex(stack!, /error-record\.test\.ts/)
})

test('causes are kept five deep, and a cycle of them ends', t => {
  let error = new Error('0')
  for (let i = 1; i < 20; i++) error = new Error(String(i), { cause: error })
  const messages = []
  for (let record: ReturnType<typeof toErrorRecord> | undefined = toErrorRecord(error); record; record = record.cause)
    messages.push(record.message)
  t.deepEqual(messages, ['19', '18', '17', '16', '15'])

  const a = new Error('a')
  const b = new Error('b', { cause: a })
  a.cause = b
  t.is(toErrorRecord(a).cause?.message, 'b')
  t.is(toErrorRecord(a).cause?.cause, undefined)
})

test('a record becomes an error again', t => {
  const record = {
    name: 'HttpError',
    message: 'no',
    stack: 'HttpError: no\n    at there',
    code: 'E404',
    cause: { name: 'Error', message: 'root' },
  }
  const error = fromErrorRecord(record)
  t.true(error instanceof Error)
  t.is(String(error), 'HttpError: no')
  t.like(error, { stack: record.stack, code: 'E404' })
  t.like(error.cause, { message: 'root', stack: 'Error: root' })
  t.deepEqual(toErrorRecord(error), { ...record, cause: { ...record.cause, stack: 'Error: root' } })
  t.false('code' in (error.cause as object))
})
