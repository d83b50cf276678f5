// Starts a process for each of many keys at the same time as another host does, and tells a file
// which pid it was given.
import { openSync, writeSync } from 'node:fs'
import { createRuntime, defineProcess, lowdbStore, typed } from 'stepwright'

export type Claim = readonly ['got' | 'ran', key: string, pid: string]

const [dir = '', claims = ''] = process.argv.slice(2)
const file = openSync(claims, 'a')
const tell = (...claim: Claim) => void writeSync(file, `${JSON.stringify(claim)}\n`)
const keyed = defineProcess({ name: 'keyed', input: typed<string>() }).step('run', ({ data, pid }) =>
  tell('ran', data, pid),
)
const runtime = await createRuntime({ processes: [keyed], store: lowdbStore(dir), maxRecoveries: 1_000 })

async function claim(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    const key = `key-${n}`
    const { pid } = await runtime.start(keyed, key, { key })
    tell('got', key, pid)
  }
  process.send?.('done')
}

process.on('message', ([from, to]: [number, number]) => void claim(from, to))
process.send?.('ready')
