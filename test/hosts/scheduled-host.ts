// A host that keeps a schedule: every second.
import { createRuntime, defineProcess, lowdbStore } from '../../src/index.ts'

const ticking = defineProcess({ name: 'ticking', schedule: { cron: '* * * * * *' } }).step('work', () => 'done')
await createRuntime({ processes: [ticking], store: lowdbStore(process.argv[2]!) })
process.send!('ready')
