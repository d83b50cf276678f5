import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ExecutionContext } from 'ava'
import type { Answer, OpenOrder, Orders } from '../hosts/crash-host.ts'

const program = join(import.meta.dirname, '../hosts/crash-host.ts')

/** A host that a test talks to and kills. */
export class Host {
  readonly #post: (message: object) => void
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #count = 0
  /** Of the store; known once it is open. */
  id = ''
  readonly exited: Promise<unknown>
  readonly kill: (signal?: NodeJS.Signals) => void
  readonly osPid: number | undefined

  constructor(from: ChildProcess | Worker) {
    const isWorker = from instanceof Worker
    this.#post = message => (isWorker ? from.postMessage(message) : from.send(message, () => {}))
    this.kill = isWorker ? () => void from.terminate() : signal => void from.kill(signal ?? 'SIGKILL')
    this.osPid = isWorker ? process.pid : from.pid
    this.exited = once(from, 'exit')
    from.on('message', (answer: Answer) => this.#onAnswer(answer))
    void this.exited.then(() => {
      for (const { reject } of this.#waiting.values()) reject(new HostGone())
    })
  }

  /** @throws HostGone, or what the host answered */
  ask<Name extends keyof Orders>(order: Name, given: Parameters<Orders[Name]>[0]): Promise<ReturnType<Orders[Name]>> {
    const id = ++this.#count
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    this.#post({ id, order, with: given })
    return waiting.promise as Promise<ReturnType<Orders[Name]>>
  }

  async open(order: OpenOrder): Promise<this> {
    this.id = await this.ask('open', order)
    return this
  }

  /** Resolves when the system says that it is gone. */
  async die(signal?: NodeJS.Signals): Promise<void> {
    this.kill(signal)
    await this.exited
  }

  #onAnswer({ id, value, error }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) waiting?.reject(Object.assign(new Error(error.message), { code: error.code }))
    else waiting?.resolve(value)
  }
}

/** The host died before it answered. */
export class HostGone extends Error {}

export interface HostOptions {
  readonly execArgv?: readonly string[]
  readonly quiet?: boolean
  /** A program that runs it, and its arguments. */
  readonly under?: readonly string[]
}

/** A host in a process of its own; gone when the test ends. Has to be opened. */
export function hostProcess(t: ExecutionContext, { execArgv = [], quiet = false, under = [] }: HostOptions = {}): Host {
  const [command, ...args] = [...under, process.execPath, ...process.execArgv, ...execArgv, program]
  const child = spawn(command as string, args, { stdio: ['ignore', 'inherit', quiet ? 'ignore' : 'inherit', 'ipc'] })
  t.teardown(() => child.kill('SIGKILL'))
  return new Host(child)
}

/** A host in a thread of the test's own process. */
export function hostWorker(t: ExecutionContext): Host {
  const worker = new Worker(program)
  t.teardown(() => worker.terminate())
  return new Host(worker)
}
