// A host that is killed in the middle of a step, or goes on with what such a host left behind.
import { createRuntime, lowdbStore } from 'stepwright'
import { kinds } from './kinds.ts'

const [dir = '', effects = '', kind = '', role = 'start'] = process.argv.slice(2)
const { definition, input } = kinds(effects, role === 'start')[kind]!
const runtime = await createRuntime({ processes: [definition], store: lowdbStore(dir), services: {} })
if (role === 'start') process.send?.((await runtime.start(definition, input)).pid)
// It is killed: a process that waits for somebody would let it exit before.
if (role === 'start') setInterval(() => {}, 1_000)
