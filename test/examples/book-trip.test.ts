import test from 'ava'
import { runExample, temporaryFolder } from './run-example.ts'

const EXAMPLE = 'book-trip.ts'

test('a trip that fails gives back what was booked', async t => {
  const { code, stdout } = await runExample(t, await temporaryFolder(t), EXAMPLE)
  t.deepEqual(stdout.trim().split('\n'), [
    'book a flight to Rome',
    'book a hotel in Rome',
    'give back a hotel in Rome',
    'give back a flight to Rome',
    'there is no car in Rome',
    '0 bookings are left',
  ])
  t.is(code, 0)
})

test('a program that dies in the middle of it goes on with the rest', async t => {
  const folder = await temporaryFolder(t)
  const first = await runExample(t, folder, EXAMPLE, '--crash')
  t.is(first.code, 1)
  t.regex(first.stdout, /give back a hotel in Rome$/)
  const second = await runExample(t, folder, EXAMPLE)
  t.deepEqual(second.stdout.trim().split('\n'), [
    'give back a flight to Rome',
    'there is no car in Rome',
    '0 bookings are left',
  ])
})
