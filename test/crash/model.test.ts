import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import * as fc from 'fast-check'
import { openClient, type Client, type ProcessInfo } from 'stepwright'
import { tempDir } from '../temp-dir.ts'
import { HostGone, hostProcess, type Host } from './host.ts'
import { until } from './world.ts'

/** What must become of a process as long as any host lives. */
type Fate = 'interrupted' | 'finished' | 'cancelled'

interface Model {
  hosts: number
  readonly processes: { readonly key: string | undefined; fate: Fate }[]
  /**
   * Keys with which a host was told to start a process just before it was killed: there may be one.
   */
  readonly maybe: Set<string>
}

/** Hosts that wait to be opened: what takes long is to start Node. */
function hostPool(t: ExecutionContext, size: number) {
  const waiting = Array.from({ length: size }, () => hostProcess(t))
  return {
    take(): Host {
      waiting.push(hostProcess(t))
      return waiting.shift() as Host
    },
  }
}

class Real {
  readonly client: Client
  readonly hosts: Host[] = []
  /** Of the processes of the model. */
  readonly pids: string[] = []
  readonly #dir: string
  readonly #pool: ReturnType<typeof hostPool>
  #born = 0

  constructor(dir: string, pool: ReturnType<typeof hostPool>) {
    this.#dir = dir
    this.#pool = pool
    this.client = openClient(join(dir, 'store'))
  }

  async openHost(): Promise<void> {
    const order = { dir: join(this.#dir, 'store'), effects: join(this.#dir, 'effects'), host: `host${++this.#born}` }
    this.hosts.push(await this.#pool.take().open(order))
  }

  host(index: number): Host {
    return this.hosts[index % this.hosts.length] as Host
  }

  async kill(index: number): Promise<void> {
    const [host] = this.hosts.splice(index % this.hosts.length, 1)
    await host?.die()
  }

  /** Waits until a process is as it must become, and a host that lives has it. */
  async settled(index: number, fates: readonly Fate[]): Promise<Host | undefined> {
    const pid = this.pids[index] ?? ''
    const { host } = await until(`process ${pid} is ${fates.join(' or ')}`, async () => {
      const info = await this.client.get(pid)
      return fates.includes(info?.status as Fate) && (info?.host === undefined || info.host.state === 'alive') && info
    })
    return this.hosts.find(({ id }) => id === host?.id)
  }

  async close(): Promise<void> {
    await Promise.all(this.hosts.map(host => host.die()))
    await this.client.close()
  }
}

type Command = fc.AsyncCommand<Model, Real>
const indexesOf = ({ processes }: Model, fate: Fate): number[] =>
  processes.flatMap((one, index) => (one.fate === fate ? [index] : []))

const command = (
  name: string,
  check: (model: Model) => boolean,
  run: (model: Model, real: Real) => Promise<void>,
): Command => ({
  check,
  run,
  toString: () => name,
})
const openHost = () =>
  command(
    'open a host',
    ({ hosts }) => hosts < 3,
    async (model, real) => {
      await real.openHost()
      model.hosts += 1
    },
  )
const killHost = (index: number) =>
  command(
    `kill host ${index}`,
    ({ hosts }) => hosts > 0,
    async (model, real) => {
      await real.kill(index)
      model.hosts -= 1
    },
  )
const start = (index: number, key: string | undefined) =>
  command(
    `start ${key ?? 'without a key'} on host ${index}`,
    ({ hosts }) => hosts > 0,
    async (model, real) => {
      const [pid = ''] = await real.host(index).ask('start', { name: 'model', ...(key !== undefined && { key }) })
      const before = key === undefined ? -1 : model.processes.findIndex(one => one.key === key)
      if (before === -1) {
        if (real.pids.includes(pid)) throw new Error(`${pid} is another process`)
        model.processes.push({ key, fate: 'interrupted' })
        real.pids.push(pid)
      } else if (real.pids[before] !== pid) throw new Error(`${key} is ${real.pids[before]}, and now ${pid}`)
    },
  )
const killWhileItStarts = (index: number, key: string) =>
  command(
    `kill host ${index} while it starts ${key}`,
    ({ hosts }) => hosts > 0,
    async (model, real) => {
      const starting = real
        .host(index)
        .ask('start', { name: 'model', key })
        .catch((error: unknown) => {
          if (!(error instanceof HostGone)) throw error
        })
      await Promise.all([starting, real.kill(index)])
      model.hosts -= 1
      if (!model.processes.some(one => one.key === key)) model.maybe.add(key)
    },
  )
const steer = (order: 'proceed' | 'cancel', nth: number, fate: Fate) =>
  command(
    `${order} the ${nth}th`,
    model => model.hosts > 0 && indexesOf(model, 'interrupted').length > 0,
    async (model, real) => {
      const indexes = indexesOf(model, 'interrupted')
      const index = indexes[nth % indexes.length] ?? 0
      const owner = await real.settled(index, ['interrupted'])
      await owner?.ask(order, real.pids[index] ?? '')
      ;(model.processes[index] as { fate: Fate }).fate = fate
    },
  )
const wait = () =>
  command(
    'wait',
    ({ hosts }) => hosts > 0,
    async ({ processes }, real) => {
      for (const [index, { fate }] of processes.entries()) await real.settled(index, [fate])
    },
  )
const look = () =>
  command(
    'look',
    () => true,
    async (model, real) => {
      const infos = new Map<string, ProcessInfo>()
      if (model.processes.length > 0) for await (const info of real.client.list()) infos.set(info.pid, info)
      for (const [index, { fate, key }] of model.processes.entries()) {
        const info = infos.get(real.pids[index] ?? '')
        const may =
          fate === 'interrupted'
            ? ['pending', 'running', 'interrupted']
            : fate === 'finished'
              ? ['running', 'sleeping', 'finished']
              : ['cancelled']
        if (info === undefined || info.key !== key || !may.includes(info.status))
          throw new Error(`process ${index} must be ${fate}, and is ${info?.status}`)
        if (model.hosts === 0 && info.endedAt === undefined && info.host?.state !== 'dead')
          throw new Error(`process ${index} has a host that is ${info.host?.state}`)
      }
    },
  )

/** At the end all has become what it must, once. */
async function verify(model: Model, real: Real): Promise<void> {
  if (model.processes.length === 0) return
  for (const [index, { fate }] of model.processes.entries()) await real.settled(index, [fate])
  const known = new Set(real.pids)
  const keys: string[] = []
  for await (const { pid, key, status, output, recoveries } of real.client.list()) {
    if (key !== undefined) keys.push(key)
    if (!known.has(pid) && !(key !== undefined && model.maybe.has(key))) throw new Error(`nobody started ${pid}`)
    if (status === 'finished' && JSON.stringify(output) !== '{"draft":true,"published":true}')
      throw new Error(`${pid} has the wrong output: ${JSON.stringify(output)}`)
    const history = await real.client.history(pid)
    if (history.some(({ revision }, line) => revision !== line + 1)) throw new Error(`${pid} has a gap`)
    const deaths = history.filter(({ event }) => event.type === 'RECOVER').length
    if (deaths !== recoveries) throw new Error(`${pid} has ${deaths} deaths and ${recoveries} recoveries`)
    for (const type of ['WAKE', 'PROCEED', 'CANCEL'])
      if (history.filter(({ event }) => event.type === type).length > 1) throw new Error(`${pid}: ${type} twice`)
  }
  if (new Set(keys).size !== keys.length) throw new Error(`a key has two processes: ${keys.join(' ')}`)
}

const key = fc.constantFrom('red', 'blue')
const commands = fc.commands(
  [
    fc.constant(openHost()),
    fc.nat(2).map(killHost),
    fc.tuple(fc.nat(2), fc.option(key, { nil: undefined })).map(([index, one]) => start(index, one)),
    fc.tuple(fc.nat(2), key).map(([index, one]) => killWhileItStarts(index, one)),
    fc.nat(5).map(nth => steer('proceed', nth, 'finished')),
    fc.nat(5).map(nth => steer('cancel', nth, 'cancelled')),
    fc.constant(wait()),
    fc.constant(look()),
  ],
  { maxCommands: 30 },
)

const ENOUGH_MS = 6_000

test('whatever is started, steered and killed in whatever order: every process becomes what the model says', async t => {
  const pool = hostPool(t, 3)
  const begun = performance.now()
  let runs = 0,
    failed = false
  const found = await fc.check(
    fc.asyncProperty(commands, async list => {
      // As many as there is time for; a counterexample is made small in any case.
      if (performance.now() - begun > ENOUGH_MS && !failed) return
      runs += 1
      const model: Model = { hosts: 0, processes: [], maybe: new Set() }
      const real = new Real(await tempDir(t), pool)
      try {
        await fc.asyncModelRun(() => ({ model, real }), [openHost(), ...list] as Iterable<Command>)
        if (real.hosts.length === 0) await real.openHost()
        await verify(model, real)
      } catch (error) {
        failed = true
        throw error
      } finally {
        await real.close()
      }
    }),
    { numRuns: 20 },
  )
  t.log(`${runs} runs`)
  t.false(found.failed, fc.defaultReportMessage(found))
})
