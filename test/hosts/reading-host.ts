// A host for readers in another process: starts what it is told to, and lets a step end when it is
// told to.
import { createRuntime, defineProcess, lowdbStore, typed } from 'stepwright'

const [dir = ''] = process.argv.slice(2)
let go = Promise.withResolvers<string>()

const waits = defineProcess({ name: 'waits', input: typed<{ n: number }>() })
  .step('count', ({ data, progress }) => {
    progress(data.n, 10, 'counting')
    return { n: data.n + 1 }
  })
  .step('wait', async ({ data }) => ({ ...data, word: await go.promise }))
const fails = defineProcess({ name: 'fails' }).step('fail', async () => {
  throw Object.assign(new Error('no such file', { cause: new Error('disk gone') }), { code: 'ENOENT' })
})

const runtime = await createRuntime({ processes: [waits, fails], store: lowdbStore(dir) })
interface Message {
  start?: 'waits' | 'fails'
  n?: number
  go?: string
  cancel?: string
  close?: true
}

async function obey({ start, n = 0, go: word, cancel, close }: Message): Promise<void> {
  if (start === 'waits') process.send?.((await runtime.start(waits, { n }, { labels: { n: String(n) } })).pid)
  if (start === 'fails') process.send?.((await runtime.start(fails)).pid)
  if (cancel !== undefined) await runtime.cancel(cancel, 'from its host')
  if (word !== undefined) {
    go.resolve(word)
    go = Promise.withResolvers()
  }
  if (close) {
    await runtime.close()
    process.disconnect?.()
  }
}
process.on('message', message => void obey(message as Message))
process.send?.('ready')
