// npm run soak -- --seconds 300
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { soak } from './soak.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '300' } } })
const dir = await mkdtemp(join(tmpdir(), 'stepwright-soak-'))
const { kills, stops, processes, steps, ended, reads, violations } = await soak(
  dir,
  { seconds: Number(values.seconds), atLeast: 1 },
  line => console.error(line),
)
console.table(ended)
console.table({ kills, stops, processes, steps, reads, violations: violations.length })
for (const violation of violations.slice(0, 50)) console.log(violation)
if (violations.length === 0) await rm(dir, { recursive: true, force: true })
else console.log(`The store and the effects are left in ${dir}`)
process.exitCode = violations.length === 0 ? 0 : 1
