import { isMainThread, type MessagePort } from 'node:worker_threads'
import { toErrorRecord } from '../../record/error-record.ts'
import { retryability, type Retryability } from '../../steps/fatal.ts'
import { toJson } from '../../record/json.ts'
import { loadModule } from '../../steps/load-module.ts'
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
  readonly maxBytes: number
}

export interface ToWorker {
  readonly abort: ErrorRecord
}

/** What a worker says. The last word is the output or the failure, so that nothing said before is lost. */
export type FromWorker =
  | { readonly progress: Progress }
  | { readonly log: string; readonly fields?: Json }
  | { readonly output: Json }
  | { readonly failure: Retryability & { readonly error: ErrorRecord } }

// Its host is gone, and with it whoever waits for the work.
if (isMainThread) process.on('disconnect', () => process.exit())

/** Runs in a thread or a process of its own: the one function the pool calls there. */
export default async function isolatedTask({
  module,
  exported,
  context,
  maxBytes,
  port,
}: WorkerTask & { readonly port?: MessagePort }): Promise<void> {
  const controller = new AbortController()
  const onMessage = (message: Partial<ToWorker> | null): void => {
    if (message?.abort) controller.abort(fromErrorRecord(message.abort))
  }
  const channel = port ?? process
  const say = (message: FromWorker): void => {
    if (port) port.postMessage(message)
    else process.send?.(message)
  }
  channel.on('message', onMessage)
  try {
    const work = await loadModule(new URL(module), exported)
    say({ output: toJson(await work(ownContext(context, controller.signal, say)), maxBytes) })
  } catch (thrown) {
    say({ failure: { ...retryability(thrown), error: toErrorRecord(thrown) } })
  } finally {
    channel.off('message', onMessage)
    port?.close()
  }
}

function ownContext(context: WorkerTask['context'], signal: AbortSignal, say: (message: FromWorker) => void): StepContext {
  const { step, attempt } = context
  return {
    ...context,
    get services(): never {
      throw new TypeError(`Step '${step}' is isolated: services cannot cross to where it runs. Make what it needs in its module`)
    },
    signal,
    progress: (value, total, message) => say({ progress: toProgress(value, total, message) }),
    log: (message, given) => {
      const { fields, ...entry } = toLogEntry(message, given, { at: 0, step, attempt })
      say({ log: entry.message, ...(fields !== undefined && { fields }) })
    },
  }
}
