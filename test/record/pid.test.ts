import test from 'ava'
import { createPid, firstPidOf, createdAtOf, hourOf, isPid, startOfHour } from '../../src/record/pid.ts'

test('a pid is the time of creation and chance', t => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  const pid = createPid(now, () => 'zzzzzzzzzzz')
  t.regex(pid, /^[0-9a-z]{9}zzzzzzzzzzz$/)
  t.is(createdAtOf(pid), now)
  t.is(startOfHour(hourOf(pid)), Date.UTC(2026, 0, 2, 3))
  t.true(isPid(pid))
})

test('pids sort by creation, to the millisecond', t => {
  const start = Date.UTC(2026, 5, 1)
  const times = [0, 1, 35, 36, 999, 60_000, 3_599_999, 3_600_000, 3_600_001, 86_400_000, 86_400_000 * 365 * 50]
  const pids = times.map(ms => createPid(start + ms))
  t.deepEqual(pids.toSorted(), pids)
  t.deepEqual(
    pids.map(createdAtOf),
    times.map(ms => start + ms),
  )
})

test('pids differ', t => {
  const now = Date.now()
  t.is(new Set(Array.from({ length: 10_000 }, () => createPid(now))).size, 10_000)
})

test('what is no pid', t => {
  for (const text of [
    '',
    '../../etc/passwd',
    'A'.repeat(20),
    '0'.repeat(19),
    '0'.repeat(21),
    `${'0'.repeat(20)}\n`,
    '-'.repeat(20),
    5,
    null,
    {},
  ]) {
    t.false(isPid(text))
  }
})

test('what was created earlier sorts before, and nothing else, at every time', t => {
  const edges = [1, 3_600_000, Date.UTC(2030, 0, 1), 36 ** 4 * 3_600_000 - 1]
  for (const ms of edges) {
    t.true(createPid(ms - 1, () => 'z'.repeat(11)) < firstPidOf(ms), String(ms))
    t.false(createPid(ms, () => '0'.repeat(11)) < firstPidOf(ms), String(ms))
  }
  t.false(createPid(0, () => '0'.repeat(11)) < firstPidOf(0))
  t.true(createPid(edges.at(-1)!, () => 'z'.repeat(11)) < firstPidOf(Infinity))
})
