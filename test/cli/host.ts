import { createRuntime, lowdbStore } from '../../src/index.ts'
import { gated } from './store.ts'

// A host in a process of its own: starts a process that never ends, and prints its pid.
const { definition } = gated()
const runtime = await createRuntime({ processes: [definition], store: lowdbStore(process.argv[2]!) })
console.log((await runtime.start(definition)).pid)
