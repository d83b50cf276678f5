// npm run soak -- --seconds 300 [--seed SEED]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { soak } from './soak.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '300' }, seed: { type: 'string' } } })
const dir = await mkdtemp(join(tmpdir(), 'stepwright-soak-'))
const { seconds, seed: given } = values
const { seed, kills, stops, processes, steps, stepsByPart, reads, violations } = await soak(
  dir,
  { seconds: Number(seconds), atLeast: 1, ...(given !== undefined && { seed: given }) },
  line => console.error(line),
)
console.table({ seed, kills, stops, processes, steps, reads, violations: violations.length })
console.table(stepsByPart)
for (const violation of violations.slice(0, 50)) console.log(violation)
if (violations.length === 0) await rm(dir, { recursive: true, force: true })
else console.log(`The store and the effects are left in ${dir}`)
process.exitCode = violations.length === 0 ? 0 : 1
