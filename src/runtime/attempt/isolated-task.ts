import { isMainThread, type MessagePort } from 'node:worker_threads'
import { toErrorRecord } from '../../record/error-record.ts'
import { retryability, type Retryability } from '../../steps/fatal.ts'
import { toJson } from '../../record/json.ts'
import { loadModule } from '../../steps/load-module.ts'
import { toChunk } from '../../steps/run/chunk.ts'
import { startRefused } from '../../steps/run/cannot-start.ts'
import { waitsRefused } from '../../steps/run/cannot-wait.ts'
import { OnceCalls } from '../../steps/run/once-calls.ts'
import { StepMemory } from '../../steps/run/step-memory.ts'
import { foregroundClock } from '../../record/clock.ts'
import type { UndoContext } from '../../steps/undo-options.ts'
import type { StepContext } from '../../steps/work.ts'
import { fromErrorRecord } from '../../record/error-record.ts'
import type { ErrorRecord, Json, Progress } from '../../record/record.ts'
import { toLogEntry } from './log.ts'
import { toProgress } from './progress.ts'

/** One attempt of an isolated step, as its worker is given it. */
export interface WorkerTask {
  readonly module: string
  readonly exported: string
  readonly context: Pick<StepContext, 'data' | 'input' | 'pid' | 'step' | 'attempt' | 'idempotencyKey'>
  /** What an undo has besides. */
  readonly undo?: Pick<UndoContext, 'output' | 'error' | 'reason'>
  readonly maxBytes: number
  /** See `Remembers`. */
  readonly what: string
  readonly scope: string
}

/** What the host says: the attempt is to end, or the answer to a call. */
export type ToWorker =
  | { readonly abort: ErrorRecord }
  | { readonly call: number; readonly output?: Json; readonly error?: ErrorRecord }

/**
 * Asks the host for what is remembered by a name, to remember an output, or for the output of an
 * earlier step.
 */
export type HostCall = { readonly call: number } & (
  | { readonly name: string; readonly remember?: { readonly output: Json; readonly ms: number } }
  | { readonly outputOf: string }
)

/**
 * What a worker says. The last word is the output or the failure, so that nothing said before is
 * lost.
 */
export type FromWorker =
  | HostCall
  | { readonly progress: Progress }
  | { readonly log: string; readonly fields?: Json }
  | { readonly write: Json; readonly once?: { readonly name: string; readonly attempt: number } }
  | { readonly output: Json }
  | { readonly failure: Retryability & { readonly error: ErrorRecord } }

// Its host is gone, and with it whoever waits for the work.
if (isMainThread) process.on('disconnect', () => process.exit())

/** Runs in a thread or a process of its own: the one function the pool calls there. */
export default async function isolatedTask({
  module,
  exported,
  context,
  undo,
  maxBytes,
  what,
  scope,
  port,
}: WorkerTask & { readonly port?: MessagePort }): Promise<void> {
  const controller = new AbortController()
  const onMessage = (message: ToWorker | null): void => {
    if (message === null || typeof message !== 'object') return
    if ('abort' in message) controller.abort(fromErrorRecord(message.abort))
    else if ('call' in message) memory.answer(message)
  }
  const channel = port ?? process
  const say = (message: FromWorker): void => {
    if (port) port.postMessage(message)
    else process.send?.(message)
  }
  const memory = new HostsMemory(say)
  channel.on('message', onMessage)
  const { idempotencyKey } = context
  const calls = new OnceCalls({
    what,
    memory,
    scope,
    idempotencyKey,
    execution: controller,
    clock: foregroundClock,
    maxBytes,
    write: (name, attempt, chunk) => say({ write: chunk, once: { name, attempt } }),
  })
  try {
    const work = await loadModule(new URL(module), exported)
    say({
      output: toJson(
        await work(
          ownContext(context, controller.signal, say, {
            once: calls.once,
            output: async step => memory.outputOf(step) as Promise<any>,
            ...(undo as object | undefined),
            ...waitsRefused(`step '${context.step}', which is isolated`),
            start: startRefused(`step '${context.step}', which is isolated`),
          }),
        ),
        maxBytes,
      ),
    })
  } catch (thrown) {
    say({ failure: { ...retryability(thrown), error: toErrorRecord(thrown) } })
  } finally {
    channel.off('message', onMessage)
    port?.close()
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
type HostAnswer = Extract<ToWorker, { call: number }>

/** What is remembered is with the host. */
class HostsMemory extends StepMemory {
  readonly #say: (message: FromWorker) => void
  readonly #calls = new Map<number, (answer: HostAnswer) => void>()
  #count = 0

  constructor(say: (message: FromWorker) => void) {
    super()
    this.#say = say
  }

  recall(name: string): Promise<Json | undefined> {
    return this.#ask({ name })
  }

  async remember(name: string, output: Json, ms: number): Promise<void> {
    await this.#ask({ name, remember: { output, ms } })
  }

  /** Of an earlier step. */
  outputOf(step: string): Promise<Json | undefined> {
    return this.#ask({ outputOf: step })
  }

  answer(answer: HostAnswer): void {
    this.#calls.get(answer.call)?.(answer)
    this.#calls.delete(answer.call)
  }

  async #ask(asked: DistributiveOmit<HostCall, 'call'>): Promise<Json | undefined> {
    const call = ++this.#count
    const { promise, resolve } = Promise.withResolvers<HostAnswer>()
    this.#calls.set(call, resolve)
    this.#say({ call, ...asked })
    const { output, error } = await promise
    if (error !== undefined) throw fromErrorRecord(error)
    return output
  }
}

/** @param more what remembers, and what an undo has besides */
function ownContext(
  context: WorkerTask['context'],
  signal: AbortSignal,
  say: (message: FromWorker) => void,
  more: Pick<StepContext, 'once' | 'output' | 'waitFor' | 'sleep' | 'start'>,
): StepContext {
  const { step, attempt } = context
  return {
    ...context,
    get services(): never {
      throw new TypeError(
        `Step '${step}' is isolated: services cannot cross to where it runs. Make what it needs in its module`,
      )
    },
    signal,
    ...more,
    progress: (value, total, message) => say({ progress: toProgress(value, total, message) }),
    log: (message, given) => {
      const { fields, ...entry } = toLogEntry(message, given, { at: 0, step, attempt })
      say({ log: entry.message, ...(fields !== undefined && { fields }) })
    },
    write: chunk => say({ write: toChunk(chunk) }),
  }
}
