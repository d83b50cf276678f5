import { parseArgs } from 'node:util'
import {
  bareXState,
  onLowdbStore,
  onMemoryStore,
  onSafeSqliteStore,
  onSqliteStore,
  plainLoop,
  STEPS,
  type Contestant,
} from './contestants.ts'
import { guarded, unguarded, withoutBarrier, withoutHostChecks } from './guarantees.ts'
import { measure, median, type Measurement } from './measure.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    processes: { type: 'string', default: '5000' },
    'at-once': { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
    // What the barrier and the looks for dead hosts cost, instead.
    guarantees: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds),
  processes = Number(values.processes),
  atOnce = Number(values['at-once'])

const contestants: Contestant[] = values.guarantees
  ? [await unguarded(), await withoutHostChecks(), await withoutBarrier(), await guarded()]
  : [await plainLoop(), await bareXState(), await onMemoryStore(), await onLowdbStore(), await onSqliteStore(), await onSafeSqliteStore()]
const results = new Map<Contestant, Measurement[]>(contestants.map(contestant => [contestant, []]))

process.stderr.write(`${processes} processes of ${STEPS} no-op steps, ${atOnce} at once; warm-up, then ${rounds} rounds in turn\n`)
for (const contestant of contestants) await measure(contestant, processes, atOnce)
// In turn, so that a machine that slows down slows all of them down.
for (let round = 1; round <= rounds; round++) {
  for (const [contestant, measurements] of results) measurements.push(await measure(contestant, processes, atOnce))
  process.stderr.write(`round ${round} of ${rounds}\n`)
}

const base = contestants[values.guarantees ? 0 : 1]
const baseRates = results.get(base as Contestant)?.map(({ stepsPerSecond }) => stepsPerSecond) ?? []
const rows = [...results].map(([{ name }, measurements]) => ({
  contestant: name,
  'steps/s': Math.round(median(measurements.map(({ stepsPerSecond }) => stepsPerSecond))),
  'CPU us/step': Number(median(measurements.map(({ cpuMicrosecondsPerStep }) => cpuMicrosecondsPerStep)).toFixed(1)),
  [`x ${base?.name}`]: Number(
    median(measurements.map(({ stepsPerSecond }, round) => stepsPerSecond / (baseRates[round] ?? NaN))).toFixed(2),
  ),
}))
if (values.json) console.log(JSON.stringify(rows, undefined, 2))
else console.table(rows)
for (const contestant of contestants) await contestant.close()
