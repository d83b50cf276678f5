import test from 'ava'
import { defineProcess } from '../../src/index.ts'
import { describeSchedule, lastTick, nextTick, planSchedule, type ScheduleOptions } from '../../src/steps/schedule.ts'

const plan = (options: ScheduleOptions) => planSchedule(options, "schedule of process 'p'")
const at = (iso: string): number => Date.parse(iso)

test('ticks of a pattern, in UTC and in a time zone, over the change of the clocks', t => {
  const daily = plan({ cron: '30 2 * * *' })
  t.is(nextTick(daily, at('2026-01-01T02:29:59Z')), at('2026-01-01T02:30:00Z'))
  t.is(nextTick(daily, at('2026-01-01T02:30:00Z')), at('2026-01-02T02:30:00Z'))
  t.is(lastTick(daily, at('2026-01-01T02:30:00Z')), at('2026-01-01T02:30:00Z'))
  t.is(lastTick(daily, at('2026-01-01T02:29:59.999Z')), at('2025-12-31T02:30:00Z'))
  const berlin = plan({ cron: '30 2 * * *', timeZone: 'Europe/Berlin' })
  t.is(nextTick(berlin, at('2026-03-27T12:00:00Z')), at('2026-03-28T01:30:00Z'))
  // There is no 2:30 on that day: as soon as the clocks have been put forward.
  t.is(nextTick(berlin, at('2026-03-28T12:00:00Z')), at('2026-03-29T01:00:00Z'))
  t.is(nextTick(berlin, at('2026-03-29T12:00:00Z')), at('2026-03-30T00:30:00Z'))
  // Twice 2:30: once.
  t.is(nextTick(berlin, at('2026-10-24T12:00:00Z')), at('2026-10-25T00:30:00Z'))
  t.is(nextTick(berlin, at('2026-10-25T00:30:00Z')), at('2026-10-26T01:30:00Z'))
  t.is(describeSchedule(berlin), '30 2 * * *')
})

test('ticks of an interval are the same for every host', t => {
  const often = plan({ every: '15m' })
  t.is(nextTick(often, at('2026-01-01T10:07:00Z')), at('2026-01-01T10:15:00Z'))
  t.is(nextTick(often, at('2026-01-01T10:15:00Z')), at('2026-01-01T10:30:00Z'))
  t.is(lastTick(often, at('2026-01-01T10:15:00Z')), at('2026-01-01T10:15:00Z'))
  t.is(describeSchedule(often), 'every 900s')
})

for (const [timeZone, days] of [
  ['Europe/Berlin', ['2026-03-28', '2026-10-24']],
  ['America/New_York', ['2026-03-07', '2026-10-31']],
  // Half an hour only.
  ['Australia/Lord_Howe', ['2026-04-04', '2026-10-03']],
  // At midnight.
  ['America/Santiago', ['2026-04-04', '2026-09-05']],
] as const)
  test(`ticks go forward, and last and next agree, where the clocks of ${timeZone} change`, t => {
    for (const cron of ['30 2 * * *', '0 * * * *', '15,45 * * * *', '*/20 1-3 * * *', '0 0 * * *'])
      for (const day of days) {
        const schedule = plan({ cron, timeZone })
        const from = at(`${day}T12:00:00Z`) - 24 * 3_600_000
        const to = from + 72 * 3_600_000
        const ticks: number[] = []
        for (let tick = nextTick(schedule, from)!; tick <= to; tick = nextTick(schedule, tick)!) ticks.push(tick)
        if (/^\d+ \d/.test(cron)) t.is(ticks.length, 3, `once a day: ${cron} ${day}`)
        for (let now = from; now < to; now += 737_000) {
          const [last, next] = [lastTick(schedule, now)!, nextTick(schedule, now)!]
          const where = `${cron} at ${new Date(now).toISOString()}`
          t.true(last <= now && now < next, where)
          t.is(next, ticks.find(tick => tick > now) ?? next, where)
          t.is(ticks.findLast(tick => tick <= now) ?? last, last, where)
        }
      }
  })

for (const [schedule, message] of [
  [{ cron: '61 * * * *' }, /cron of schedule of process 'p' must be a cron pattern.*'61 \* \* \* \*'.*minute/],
  [{ cron: 'often' }, /cron pattern.*'often'/],
  [{ cron: 5 }, /must be a string; received 5/],
  [{ cron: '0 0 30 2 *' }, /must be a pattern that comes again; received/],
  [{ cron: '* * * * *', every: '1m' }, /\{ cron, timeZone\?, missed\? \} or \{ every, missed\? \}; received/],
  [{ every: '1m', timeZone: 'UTC' }, /\{ every, missed\? \}; received/],
  [{ cron: '* * * * *', timeZone: 'Mars/Base' }, /timeZone of schedule of process 'p'.*'Mars\/Base'/],
  [{ cron: '* * * * *', missed: 'twice' }, /'skip' or 'once'; received 'twice'/],
  [{ timeZone: 'UTC' }, /must be \{ cron/],
  [{}, /must be \{ cron/],
  ['* * * * *', /must be an object with cron, every, timeZone, missed; received '\* \* \* \* \*'/],
  [{ every: '100ms' }, /at least a second/],
  [{ every: 'soon' }, /every of schedule of process 'p'/],
] as const)
  test(`refused: ${JSON.stringify(schedule)}`, t => {
    t.throws(() => defineProcess({ name: 'p', schedule } as never), { instanceOf: TypeError, message })
  })
