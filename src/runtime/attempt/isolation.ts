import { extname } from 'node:path'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { StepwrightError } from '../../errors.ts'
import { toErrorRecord } from '../../record/error-record.ts'
import { RetryError } from '../../steps/fatal.ts'
import type { IsolateMode } from '../../steps/work-options.ts'
import { everyStep, type ProcessPlan } from '../../steps/plan.ts'
import type { Remembers } from '../../steps/run/once-calls.ts'
import type { UndoContext } from '../../steps/undo-options.ts'
import type { ModuleSpec, StepContext } from '../../steps/work.ts'
import { fromErrorRecord } from '../../record/error-record.ts'
import type { FromWorker, HostCall, ToWorker, WorkerTask } from './isolated-task.ts'
import { stepActorsOf } from './step-actor.ts'

/** How long an attempt that was told to end may take before its thread or process is killed. */
const KILL_AFTER_MS = 50
/** How long a worker without work is kept. */
const IDLE_MS = 10_000
/** A thread that is gone closes its port, and may say why a moment later. */
const CRASH_TOLD_MS = 50

const WORKER = new URL(`./isolated-task${extname(import.meta.url)}`, import.meta.url)

/**
 * What is used of Tinypool, which is an optional dependency: the declarations of this package must
 * do without it.
 */
interface Pool {
  run(task: object, options: object): Promise<unknown>
  destroy(): Promise<void>
}

type Pools = (mode: IsolateMode) => Pool

/** Runs modules in threads and processes of their own, which can be killed. */
export class Isolation {
  readonly #createPool: Pools
  readonly #pools = new Map<IsolateMode, Pool>()
  readonly #maxBytes: number

  constructor(createPool: Pools, maxBytes: number) {
    this.#createPool = createPool
    this.#maxBytes = maxBytes
  }

  /**
   * @throws ERR_STEP_CRASHED if the thread or process ends before the work does; whatever the work
   * throws
   */
  async run(
    spec: ModuleSpec,
    mode: IsolateMode,
    context: StepContext | UndoContext,
    remembers: Remembers,
  ): Promise<unknown> {
    const { what, memory, scope } = remembers
    const { data, input, pid, step, attempt, idempotencyKey, signal } = context
    signal.throwIfAborted()
    const kill = new AbortController()
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const crashed = (cause?: unknown): void => {
      const message = `Step '${step}' of process ${pid} lost its ${mode}: ${cause instanceof Error ? cause.message : 'it exited'}`
      reject(new StepwrightError('ERR_STEP_CRASHED', message, cause === undefined ? undefined : { cause }))
    }
    const link = openLink(
      mode,
      message => {
        if ('call' in message) void answer(memory, context, message).then(told => link.send(told))
        else receive(message, context, remembers, resolve, reject)
      },
      () => setTimeout(crashed, CRASH_TOLD_MS),
    )
    let killing: NodeJS.Timeout | undefined
    const abort = (): void => {
      const reason: unknown = signal.reason
      link.send({ abort: toErrorRecord(reason) })
      // A shutdown waits as long as it is told to.
      if (reason instanceof StepwrightError && reason.code === 'ERR_RUNTIME_CLOSED') return
      killing = setTimeout(() => {
        reject(reason)
        kill.abort()
      }, KILL_AFTER_MS)
    }
    signal.addEventListener('abort', abort, { once: true })
    const task: WorkerTask = {
      module: spec.module.href,
      exported: spec.export ?? 'default',
      context: { data, input, pid, step, attempt, idempotencyKey },
      ...('reason' in context && { undo: { output: context.output, error: context.error, reason: context.reason } }),
      what,
      scope,
      maxBytes: this.#maxBytes,
    }
    const running = this.#pool(mode).run({ ...task, ...link.task }, { ...link.options, signal: kill.signal })
    running.catch(crashed)
    try {
      return await promise
    } catch (error) {
      // What is gone without a word must leave the pool as well.
      if (error instanceof StepwrightError && error.code === 'ERR_STEP_CRASHED') kill.abort()
      throw error
    } finally {
      clearTimeout(killing)
      signal.removeEventListener('abort', abort)
      link.close()
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(pool => pool.destroy()))
  }

  #pool(mode: IsolateMode): Pool {
    const pool = this.#pools.get(mode) ?? this.#createPool(mode)
    this.#pools.set(mode, pool)
    return pool
  }
}

/**
 * Loads the pool if a definition needs it.
 * @throws TypeError if it is not installed
 */
export async function openIsolation(
  plans: readonly ProcessPlan[],
  concurrency: number,
  maxBytes: number,
): Promise<Isolation | undefined> {
  const step = plans.flatMap(everyStep).find(one => 'isolate' in one)
  if (step === undefined && !plans.flatMap(stepActorsOf).some(one => 'isolate' in one)) return undefined
  try {
    const { Tinypool } = await import('tinypool')
    const runtimes = { thread: 'worker_threads', process: 'child_process' } as const
    // As many workers as there are slots: a step's time does not pass while it waits for one.
    // Without it a process would have no variable at all.
    const env = process.env as Record<string, string>
    const options = {
      filename: WORKER.href,
      minThreads: 0,
      maxThreads: concurrency,
      idleTimeout: IDLE_MS,
      useAtomics: false,
      env,
    }
    return new Isolation(mode => new Tinypool({ ...options, runtime: runtimes[mode] }), maxBytes)
  } catch (cause) {
    const what = step === undefined ? 'A stepActor()' : `Step '${step.name}'`
    throw new TypeError(`${what} has isolate, which needs the package tinypool: npm install tinypool`, {
      cause,
    })
  }
}

interface Link {
  /** What the pool is given with the task. */
  readonly task: { readonly port?: MessagePort }
  readonly options: object
  send(message: ToWorker): void
  close(): void
}

/** A thread is talked to through a port of its own, a process through its channel. */
function openLink(mode: IsolateMode, onMessage: (message: FromWorker) => void, onClose: () => void): Link {
  if (mode === 'process') {
    let listener: ((message: unknown) => void) | undefined
    const channel = {
      onMessage: (given: (message: unknown) => void) => void (listener = given),
      postMessage: onMessage,
    }
    return { task: {}, options: { channel }, send: message => listener?.(message), close: () => {} }
  }
  const { port1, port2 } = new MessageChannel()
  port2.on('message', onMessage)
  port2.on('close', onClose)
  return {
    task: { port: port1 },
    options: { transferList: [port1] },
    send: message => port2.postMessage(message),
    close: () => port2.close(),
  }
}

async function answer(
  memory: Remembers['memory'],
  context: StepContext | UndoContext,
  asked: HostCall,
): Promise<ToWorker> {
  const { call } = asked
  try {
    // An undo has no such function: its worker does not ask.
    if ('outputOf' in asked) return { call, output: await (context as StepContext).output(asked.outputOf) }
    const { name, remember } = asked
    if (remember !== undefined) {
      await memory.remember(name, remember.output, remember.ms)
      return { call }
    }
    const output = await memory.recall(name)
    return { call, ...(output !== undefined && { output }) }
  } catch (error) {
    return { call, error: toErrorRecord(error) }
  }
}

function receive(
  message: Exclude<FromWorker, HostCall>,
  context: StepContext | UndoContext,
  remembers: Remembers,
  resolve: (output: unknown) => void,
  reject: (error: unknown) => void,
): void {
  if ('progress' in message) {
    const { value, total, message: text } = message.progress
    context.progress(value, total, text)
  } else if ('log' in message) context.log(message.log, message.fields as Readonly<Record<string, unknown>> | undefined)
  else if ('write' in message) {
    const { write, once } = message
    if (once === undefined) context.write(write)
    else remembers.write(once.name, once.attempt, write)
  } else if ('output' in message) resolve(message.output)
  else if ('failure' in message) {
    const { error, retryable, afterMs } = message.failure
    const thrown = fromErrorRecord(error)
    if (afterMs !== undefined) reject(Object.assign(new RetryError(error.message, { after: afterMs }), thrown))
    else reject(retryable ? thrown : Object.assign(thrown, { retryable }))
  }
}
