// A host of the soak: keeps starting processes until it is told to stop, and lets its own interrupted ones proceed.
import { setTimeout as delay } from 'node:timers/promises'
import { createRuntime, lowdbStore, StepwrightError } from 'stepwright'
import { soakDefinitions } from './definitions.ts'

const [dir = '', effects = '', host = ''] = process.argv.slice(2)
const { plain, waiting, asking, tell } = soakDefinitions(effects, host)
const runtime = await createRuntime({ processes: [plain, waiting, asking], store: lowdbStore(dir), concurrency: 40, maxRecoveries: 10_000 })
const stop = new AbortController()
process.on('message', message => {
  if (message === 'stop starting') stop.abort()
})
process.send?.('ready')

async function start(): Promise<void> {
  const definitions = [plain, waiting, asking]
  for (let n = 0; !stop.signal.aborted; n++) {
    const { pid } = await runtime.start(definitions[n % 3] as typeof plain, { n, trail: '' }, n % 5 === 0 ? { key: `${host}/${n}` } : {})
    tell('started', pid)
    await delay(12)
  }
}

async function proceed(): Promise<void> {
  for (;;) {
    for await (const { pid, host: owner } of runtime.list({ status: 'interrupted' }))
      if (owner?.osPid === process.pid && owner.state === 'alive')
        await runtime.proceed(pid).catch((error: unknown) => {
          // Between the look and the word another host may have taken it, or it went on.
          if (!(error instanceof StepwrightError)) throw error
        })
    await delay(50)
  }
}

void proceed()
await start()
