// A host of the soak: keeps starting processes until it is told to stop, and lets those of its own go on that wait for a word.
import { flushCompileCache } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import { createRuntime, lowdbStore, StepwrightError, type ProcessInfo } from 'stepwright'
import { soakDefinitions } from './definitions.ts'
import type { Data } from './effects.ts'

const [dir = '', effects = '', host = ''] = process.argv.slice(2)
process.env['SOAK_EFFECTS'] = effects
process.env['SOAK_HOST'] = host
const { tell, processes } = soakDefinitions(effects, host)
const runtime = await createRuntime({ processes, store: lowdbStore(dir), concurrency: 40, maxRecoveries: 10_000 })
const stop = new AbortController()
process.on('message', message => {
  if (message === 'stop starting') stop.abort()
})
process.send?.('ready')
// Node keeps what it compiled when it exits, which no host of the soak does by itself.
flushCompileCache()

/** Those with a worker of their own are few: one starts slowly. */
const few = (n: number): number => (n % 40 === 39 ? 8 : n % 20 === 15 ? 7 : n % 7)

async function start(): Promise<void> {
  const starts = processes.map(
    definition => (data: Data, key: string | undefined) => runtime.start(definition, data, key === undefined ? {} : { key }),
  )
  for (let n = 0; !stop.signal.aborted; n++) {
    const { pid } = await starts[few(n)]!({ n, trail: '' }, n % 5 === 0 ? `${host}/${n}` : undefined)
    tell('started', pid)
    await delay(25)
  }
}

/** Between a look and the word another host may have taken it, or it went on. */
const unlessLate = (error: unknown): void => {
  if (!(error instanceof StepwrightError)) throw error
}

const isMine = ({ host: owner }: ProcessInfo): boolean => owner?.osPid === process.pid && owner.state === 'alive'

async function goOn(): Promise<void> {
  for (;;) {
    for await (const info of runtime.list({ status: 'interrupted' })) if (isMine(info)) await runtime.proceed(info.pid).catch(unlessLate)
    for await (const info of runtime.list({ status: 'running', name: 'minded' }))
      if (isMine(info) && info.steps.some(({ state }) => state === 'asking')) await runtime.send(info.pid, { type: 'GO' }).catch(unlessLate)
    await delay(50)
  }
}

void goOn()
await start()
