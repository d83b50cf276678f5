import test from 'ava'
import { StepwrightError } from '../../src/errors.ts'
import { FatalError, RetryError, retryability } from '../../src/steps/fatal.ts'

test('errors say whether another attempt is worth it', t => {
  t.deepEqual(retryability(new Error('x')), { retryable: true })
  t.deepEqual(retryability(new FatalError('x')), { retryable: false })
  t.deepEqual(retryability(new RetryError('x', { after: '2s' })), { retryable: true, afterMs: 2000 })
  t.deepEqual(retryability({ retryable: false }), { retryable: false })
  t.deepEqual(retryability({ retryable: 0 }), { retryable: true })
  for (const thrown of [undefined, null, 'text', 5]) t.deepEqual(retryability(thrown), { retryable: true })
})

test('what is not JSON or too large will be so again', t => {
  t.deepEqual(retryability(new StepwrightError('ERR_NOT_JSON', 'x')), { retryable: false })
  t.deepEqual(retryability(new StepwrightError('ERR_RECORD_TOO_LARGE', 'x')), { retryable: false })
  t.deepEqual(retryability(new StepwrightError('ERR_STEP_TIMEOUT', 'x')), { retryable: true })
})

test('an error that cannot be read is worth another attempt', t => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  t.deepEqual(retryability(proxy), { retryable: true })
})

test('both errors keep their cause', t => {
  const cause = new Error('root')
  t.is(new FatalError('x', { cause }).cause, cause)
  t.is(new RetryError('x', { after: 5, cause }).cause, cause)
  t.is(String(new FatalError('x')), 'FatalError: x')
  t.is(String(new RetryError('x', { after: 5 })), 'RetryError: x')
  t.throws(() => new RetryError('x', { after: 'soon' as never }), {
    instanceOf: TypeError,
    message: /after of a RetryError.*received 'soon'/,
  })
})
