import test from 'ava'
import { barChart, lineChart } from '../../bench/chart.ts'

test('the longest bar takes the room there is, others their share of it', t => {
  const svg = barChart('Speed', 'more is better', [
    { label: 'fast', value: 200, note: '200/s', ours: true },
    { label: 'slow <1>', value: 50, note: '50/s', ours: false },
  ])
  const widths = [...svg.matchAll(/<rect class="(\w+)"[^>]* width="([\d.]+)"/g)].map(([, kind, width]) => [
    kind,
    Number(width),
  ])
  t.deepEqual(widths, [
    ['ours', 440],
    ['bar', 110],
  ])
  t.true(svg.includes('slow &lt;1&gt;'))
})

test('a curve begins at the left, ends at the right, and its highest point is at the top', t => {
  const svg = lineChart('Start', 'ms', [
    {
      label: 'lowdb',
      points: [
        [1_000, 1],
        [10_000, 2],
        [100_000, 4],
      ],
    },
  ])
  t.true(svg.includes('points="60.0,190.0 270.0,140.0 480.0,40.0"'), svg)
  t.true(svg.includes('>100 k<'))
})
