// npm run soak -- --seconds 300 [--seed SEED] [--store postgres [--chaos]]
// With --chaos sessions are terminated and the server is killed while hosts are.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { soak } from './soak.ts'
import { startTroubledServer } from './trouble.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    seed: { type: 'string' },
    store: { type: 'string' },
    chaos: { type: 'boolean', default: false },
  },
})
if (values.store !== undefined && values.store !== 'postgres')
  throw new TypeError(`--store is postgres or left out; received ${values.store}`)
const server = values.store === 'postgres' ? await startTroubledServer({ killEveryMs: 15_000 }) : undefined
const dir = await mkdtemp(join(tmpdir(), 'stepwright-soak-'))
const { seconds, seed: given } = values
const { seed, kills, stops, processes, steps, stepsByPart, reads, violations } = await soak(
  dir,
  {
    seconds: Number(seconds),
    atLeast: 1,
    ...(given !== undefined && { seed: given }),
    ...(server && { store: server.url }),
    ...(server && values.chaos && { trouble: server }),
  },
  line => console.error(line),
)
console.table({ seed, kills, stops, processes, steps, reads, violations: violations.length })
console.table(stepsByPart)
if (server) console.table(server.counts)
for (const violation of violations.slice(0, 50)) console.log(violation)
await server?.stop()
if (violations.length === 0) await rm(dir, { recursive: true, force: true })
else console.log(`The store and the effects are left in ${dir}`)
process.exitCode = violations.length === 0 ? 0 : 1
