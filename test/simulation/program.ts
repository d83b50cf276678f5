import {
  createRuntime,
  lowdbStore,
  openClient,
  type Client,
  type ProcessHandle,
  type Runtime,
} from '../../src/index.ts'
import { DEFINITIONS, type Data } from './definitions.ts'
import { kernel } from './node/kernel.ts'

/** What a process is told to do, from outside. */
export type Order =
  | { readonly type: 'host'; readonly durability: 'process' | 'power'; readonly schedules: boolean }
  | { readonly type: 'client'; readonly durability: 'process' | 'power' }
  | { readonly type: 'start' | 'submit'; readonly name: string; readonly input: Data; readonly key?: string }
  | { readonly type: 'cancel'; readonly pid: string }
  | { readonly type: 'proceed'; readonly pid: string; readonly word: string }
  | { readonly type: 'send'; readonly pid: string; readonly event: { readonly type: string; readonly word?: string } }
  | { readonly type: 'fork'; readonly pid: string }
  | { readonly type: 'delete'; readonly pid: string }
  | { readonly type: 'watch'; readonly pid: string }
  | { readonly type: 'list' }
  | { readonly type: 'adopt'; readonly hostId: string; readonly force: boolean }
  | { readonly type: 'close'; readonly within: number }

let runtime: Runtime | undefined
let client: Omit<Client, 'close'> | undefined

const STORE = '/store'
const quiet = {
  info() {},
  warn: (_fields: object, message: string) => kernel().tell.problem(message),
  error() {},
  debug() {},
}

async function openHost({ durability, schedules }: Extract<Order, { type: 'host' }>): Promise<void> {
  const { tell } = kernel()
  client = runtime = await createRuntime({
    processes: Object.values(DEFINITIONS),
    store: lowdbStore(STORE, { durability }),
    worker: true,
    schedules,
    retention: false,
    maxRecoveries: 10_000,
    concurrency: 6,
    closeOn: [],
    logger: quiet,
  })
  runtime.on('process', ({ pid, revision, status }) => tell.seen(pid, revision, status))
}

/** Tells how a process ends, as its starter hears of it. */
function follow(job: ProcessHandle): string {
  const { tell } = kernel()
  job.result().then(
    value => tell.ended(job.pid, { value }),
    error => tell.ended(job.pid, failureOf(error)),
  )
  return job.pid
}

async function watch(pid: string): Promise<void> {
  const { tell } = kernel()
  let before = 0
  for await (const { revision, status } of client!.watch(pid)) {
    if (revision < before) tell.problem(`VIOLATION a reader saw revision ${revision} of ${pid} after ${before}`)
    before = revision
    tell.seen(pid, revision, status)
  }
}

async function list(): Promise<number> {
  const pids: string[] = []
  for await (const { pid } of client!.list()) pids.push(pid)
  if (new Set(pids).size < pids.length) kernel().tell.problem(`VIOLATION a list has a process twice: ${pids.join(' ')}`)
  return pids.length
}

const definitionOf = (name: string): never => DEFINITIONS[name as keyof typeof DEFINITIONS] as never

async function run(order: Order): Promise<unknown> {
  switch (order.type) {
    case 'host':
      return openHost(order)
    case 'client':
      client = openClient(lowdbStore(STORE, order))
      return undefined
    case 'start': {
      const { name, input, key } = order
      return follow(await runtime!.start(definitionOf(name), input as never, { key }))
    }
    case 'submit':
      return client!.submit(order.name, order.input, { key: order.key })
    case 'cancel':
      return client!.cancel(order.pid, 'no more')
    case 'proceed':
      return client!.proceed(order.pid, { word: order.word })
    case 'send':
      return client!.send(order.pid, order.event)
    case 'fork':
      return client!.fork(order.pid)
    case 'delete':
      return client!.delete(order.pid)
    case 'watch':
      return watch(order.pid)
    case 'list':
      return list()
    case 'adopt':
      return client!.adopt(order.hostId, { force: order.force })
    case 'close':
      return runtime!.close({ within: order.within })
  }
}

function failureOf(error: unknown): { code: string; message: string } {
  const { code = '', message } = error as { code?: string; message: string }
  return { code, message }
}

/** Does as it is told, and says how it went. */
export function obey(number: number, order: Order): void {
  const { tell } = kernel()
  run(order).then(
    value => tell.done(number, { value }),
    error => tell.done(number, failureOf(error)),
  )
}

Object.assign(globalThis, { __obey: obey })
