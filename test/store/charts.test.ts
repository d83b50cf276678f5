import test from 'ava'
import { putChart, readCharts } from '../../src/store/charts.ts'
import { memoryStore } from '../../src/store/memory/memory-store.ts'
import { putSchedule, readSchedules } from '../../src/store/schedules.ts'

test('charts are kept once, and read by others', async t => {
  const { documents } = memoryStore()
  const chart = {
    name: 'import-dump',
    version: '1',
    shape: 'abc',
    chart: { id: 'import-dump', states: { pending: {} } },
  }
  for (const one of [chart, chart, { ...chart, version: '2' }]) await putChart(documents, one)
  t.deepEqual(await readCharts(documents), [chart, { ...chart, version: '2' }])
})

test('of one name the last schedule counts', async t => {
  const { documents } = memoryStore()
  t.deepEqual(await readSchedules(documents), [])
  const daily = {
    name: 'report',
    schedule: '0 3 * * *',
    timeZone: 'Europe/Berlin',
    missed: 'once',
    settled: 5,
    next: 9,
  } as const
  const often = { name: 'clean-up', schedule: 'every 60s', missed: 'skip', settled: 1 } as const
  for (const one of [daily, often, { ...daily, settled: 9, next: 20 }]) await putSchedule(documents, one)
  t.deepEqual(await readSchedules(documents), [often, { ...daily, settled: 9, next: 20 }])
})
