import { CommanderError } from 'commander'
import test from 'ava'
import { failure, UsageError } from '../../src/cli/failure.ts'
import { Interrupted } from '../../src/cli/io.ts'
import { StepwrightError } from '../../src/errors.ts'

test('what the caller can put right is told by its message alone', t => {
  t.deepEqual(failure(new UsageError('give more')), { status: 2, text: 'stepwright: give more\n' })
  t.deepEqual(failure(new StepwrightError('ERR_STORE_READ', 'no \u001B[2J')), {
    status: 2,
    text: `stepwright: no ${String.raw`\x1b[2J`}\n`,
  })
})

test('anything else is told with its stack', t => {
  const { status, text } = failure(new RangeError('a bug'))
  t.is(status, 2)
  t.regex(text, /^stepwright: RangeError: a bug\n {4}at /)
  t.deepEqual(failure('thrown as it is').status, 2)
})

test('interruptions and what commander has told already are silent', t => {
  t.deepEqual(failure(new Interrupted(130)), { status: 130, text: '' })
  t.deepEqual(failure(new CommanderError(0, 'commander.help', '')), { status: 0, text: '' })
  t.deepEqual(failure(new CommanderError(1, 'commander.unknownOption', '')), { status: 2, text: '' })
})
