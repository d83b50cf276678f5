// A host of the soak: keeps starting processes until it is told to stop, and steers its own:
// interrupted ones proceed, machines that ask are answered.
import { flushCompileCache } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import { createRuntime, StepwrightError, type ProcessInfo } from 'stepwright'
import { storeAt } from '../../src/client/store-at.ts'
import { soakDefinitions } from './definitions.ts'
import { tellStarted } from './effects.ts'
import { toldStore } from './told-store.ts'

const [dir = '', seed = ''] = process.argv.slice(2)
/** So that a host that is killed does not leave more than the next ones can do. */
const MAX_OPEN = 20
/** Processes between two of those that work in a thread or process of their own. */
const APART_EVERY = 40

const { usual, apart } = soakDefinitions(seed)
const runtime = await createRuntime({
  processes: [...usual, ...apart],
  store: toldStore(storeAt(dir)),
  concurrency: 40,
  maxRecoveries: 10_000,
})
const stop = new AbortController()
process.on('disconnect', () => process.exit())
process.on('message', message => {
  if (message === 'stop starting') stop.abort()
})
process.send?.('ready')
// Else the next host would compile everything again.
flushCompileCache()

async function start(): Promise<void> {
  const first = process.pid
  const open = new Set<string>()
  for (let n = first; !stop.signal.aborted; n++) {
    const from = n % APART_EVERY === 0 ? apart : usual
    const definition = from[Math.floor(n / (from === apart ? APART_EVERY : 1)) % from.length] as (typeof from)[number]
    const job = await runtime.start(definition, { n: n % 100, trail: '' }, n % 5 === 0 ? { key: `${first}/${n}` } : {})
    tellStarted(job.pid)
    open.add(job.pid)
    const ended = (): boolean => open.delete(job.pid)
    // How it ended is seen in the journal.
    void job.result().then(ended, ended)
    do await delay(5)
    while (open.size >= MAX_OPEN)
  }
}

async function steer({ pid, status, steps }: ProcessInfo): Promise<void> {
  try {
    if (status === 'interrupted') await runtime.proceed(pid)
    else if (steps.some(({ status, state }) => status === 'running' && state === 'asking'))
      await runtime.send(pid, { type: 'GO' })
  } catch (error) {
    // Between the look and the word another host may have taken it, or it went on.
    if (!(error instanceof StepwrightError)) throw error
  }
}

async function steerAll(): Promise<void> {
  for (;;) {
    for await (const info of runtime.list({ status: ['interrupted', 'running'] }))
      if (info.host?.osPid === process.pid && info.host.state === 'alive') await steer(info)
    await delay(100)
  }
}

void steerAll()
await start()
// However slow the machine is, each kind of step has a part in it.
for (const definition of [...usual, ...apart]) tellStarted((await runtime.start(definition, { n: 1, trail: '' })).pid)
process.send?.('stopped')
