// A host, in a process or in a worker thread, that does what it is told: one request, one answer.
import fs from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { createRuntime, lowdbStore, type Runtime, type StepwrightError } from 'stepwright'
import { postgresStore } from 'stepwright/postgres'
import { sqliteStore } from 'stepwright/sqlite'
import type { Files } from '../../src/journal/files.ts'
import { isPostgresUrl } from '../../src/store/postgres/place.ts'
import type { Store } from '../../src/store/store.ts'
import { crashDefinitions } from './crash-processes.ts'

export interface OpenOrder {
  readonly dir: string
  readonly effects: string
  readonly host: string
  readonly recover?: 'resume' | 'fail' | false
  readonly concurrency?: number
  /** Do not know this definition. */
  readonly without?: string
  /** SIGKILLs itself right before or after it has taken so many journals. */
  readonly dieAt?: { readonly taken: number; readonly when: 'before' | 'after' }
}

export interface Orders {
  open(order: OpenOrder): string
  start(order: { name: string; count?: number; input?: unknown; key?: string }): string[]
  proceed(pid: string): string
  cancel(pid: string): string
  status(pid: string): string | undefined
}

export type Request = { readonly id: number } & {
  [Name in keyof Orders]: { readonly order: Name; readonly with: Parameters<Orders[Name]>[0] }
}[keyof Orders]
export type Answer = {
  readonly id: number
  readonly value?: unknown
  readonly error?: { readonly message: string; readonly code?: string }
}

let runtime: Runtime
let definitions: ReturnType<typeof crashDefinitions>

/** The file system of a host that dies at a given point of its adoptions. */
function mortalFiles({ taken, when }: NonNullable<OpenOrder['dieAt']>): Files {
  let left = taken
  return {
    ...fs,
    renameSync(from, to) {
      // A journal that is taken is renamed from another folder; its copy, which follows, from a
      // draft.
      const dies = to.includes('/active/h') && !from.includes('/.') && --left === 0
      if (dies && when === 'before') process.kill(process.pid, 'SIGKILL')
      fs.renameSync(from, to)
      if (dies) process.kill(process.pid, 'SIGKILL')
    },
  } as Files
}

function storeAt(path: string, options?: { files: Files }): Store {
  if (isPostgresUrl(path)) return postgresStore(path)
  return path.endsWith('.sqlite') ? sqliteStore(path) : lowdbStore(path, options)
}

const orders: { [Name in keyof Orders]: (given: Parameters<Orders[Name]>[0]) => Promise<ReturnType<Orders[Name]>> } = {
  async open({ dir, effects, host, without, dieAt, recover, concurrency }) {
    definitions = crashDefinitions(effects, host)
    const store = storeAt(dir, dieAt && { files: mortalFiles(dieAt) })
    const opened = store.openHost()
    store.openHost = () => opened
    runtime = await createRuntime({
      processes: Object.values(definitions).filter(({ name }) => name !== without),
      store,
      maxRecoveries: 100,
      ...(recover !== undefined && { recover }),
      ...(concurrency !== undefined && { concurrency }),
    })
    return (await opened).hostId
  },
  async start({ name, count = 1, input, key }) {
    const definition = Object.values(definitions).find(one => one.name === name) as (typeof definitions)['stuck']
    const pids: string[] = []
    for (let n = 0; n < count; n++)
      pids.push((await runtime.start(definition, input as never, key === undefined ? {} : { key })).pid)
    return pids
  },
  proceed: pid => runtime.proceed(pid),
  cancel: pid => runtime.cancel(pid),
  status: async pid => (await runtime.get(pid))?.status,
}

const answer = (message: Answer): void => void (parentPort ? parentPort.postMessage(message) : process.send?.(message))

async function obey({ id, order, with: given }: Request): Promise<void> {
  try {
    answer({ id, value: await (orders[order] as (given: unknown) => Promise<unknown>)(given) })
  } catch (error) {
    const { message, code } = error as StepwrightError
    answer({ id, error: { message, code } })
  }
}

const onRequest = (message: unknown): void => void obey(message as Request)
if (parentPort) parentPort.on('message', onRequest)
else process.on('message', onRequest)
