// A host that is killed: each step tells a file, written with one system call, what it does and
// when.
import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { createRuntime, defineProcess, lowdbStore, typed } from 'stepwright'

const [dir = '', effects = '', starts = '0'] = process.argv.slice(2)
const tell = (...words: unknown[]) => appendFileSync(effects, `${words.join(' ')}\n`)

let definition = defineProcess({ name: 'told', input: typed<{ n: number }>() }).step('s0', ({ data }) => data)
for (let index = 1; index < 6; index++) {
  const name = `s${index}`
  definition = definition.step(name, async ({ data, pid, attempt }) => {
    tell('begin', pid, name, attempt)
    if (data.n % 3 === 0) await delay(index)
    tell('end', pid, name, attempt)
    return { n: data.n + 1 }
  }) as typeof definition
}

const runtime = await createRuntime({
  processes: [definition],
  store: lowdbStore(dir),
  concurrency: 20,
  maxRecoveries: 1_000,
})
process.send?.('ready')
for (let n = 0; n < Number(starts); n++) {
  const { pid } = await runtime.start(definition, { n })
  tell('started', pid)
}
