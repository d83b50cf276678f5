import { StepwrightError } from '../errors.ts'
import { outcome } from '../client/outcome.ts'
import { copyJson } from '../steps/json.ts'
import type { Client } from '../client/client.ts'
import type { ProcessInfo } from '../store/info.ts'
import type { LiveProcess } from './live-process.ts'
import { checkListener, tellListener } from './subscribers.ts'

/** A process as the app that started it holds it. */
export interface ProcessHandle<Output = unknown> {
  readonly pid: string
  /**
   * Waits for the output. Lazy: a failure nobody asks for is no unhandled rejection.
   * @throws ProcessError, ProcessTimeoutError, ProcessCancelledError, ERR_RUNTIME_CLOSED
   */
  result(): Promise<Output>
  /**
   * Told of every transition and progress report from now on; of a process that another host runs first how it is. Returns a function that
   * ends it. A listener that throws harms nobody.
   */
  subscribe(listener: (info: ProcessInfo) => void): () => void
  /**
   * Ends the process in `cancelled`, whatever it is doing.
   * @throws ERR_ALREADY_ENDED
   */
  cancel(reason?: string): Promise<void>
  /**
   * Lets an interrupted process go on. A plain object is merged into the paused step's output, anything else replaces it, none keeps it.
   * @throws ERR_NOT_INTERRUPTED, ERR_INVALID_INPUT (the step has a schema and `data` does not fit), ERR_NOT_JSON
   */
  proceed(data?: unknown): Promise<void>
  /**
   * Sends an event to the machine of the machine step the process is in.
   * @throws ERR_ALREADY_ENDED, ERR_NO_MACHINE, ERR_UNKNOWN_EVENT (the step is strict), ERR_NOT_JSON
   */
  send(event: { readonly type: string }): Promise<void>
}

export function liveHandle<Output>(live: LiveProcess): ProcessHandle<Output> {
  return {
    pid: live.pid,
    result: async () => copyJson(outcome(await live.ended())) as Output,
    subscribe: listener => live.subscribe(listener),
    cancel: reason => live.cancel(reason),
    proceed: data => live.proceed(data),
    send: event => live.send(event),
  }
}

/**
 * A process that this host does not run: it has ended, or another host has it. `closing` ends every wait; `adopted` tells whether it has
 * come here since.
 */
export function foreignHandle<Output>(
  pid: string,
  client: Client,
  closing: AbortSignal,
  adopted: () => LiveProcess | undefined,
): ProcessHandle<Output> {
  const refuse = async (code: 'ERR_ALREADY_ENDED' | 'ERR_NOT_INTERRUPTED'): Promise<never> => {
    const info = await client.get(pid)
    if (info === undefined) throw new StepwrightError('ERR_UNKNOWN_PROCESS', `There is no process ${JSON.stringify(pid)}`)
    if (info.endedAt !== undefined) throw new StepwrightError(code, `Process ${pid} has ended (${info.status})`)
    throw new StepwrightError(
      'ERR_UNKNOWN_PROCESS',
      `Process ${pid} is not run by this runtime but by host ${info.host?.id ?? '(none)'}: steer it there`,
    )
  }
  return {
    pid,
    result: async () => (await client.result(pid, { signal: closing })) as Output,
    subscribe(given) {
      const listener = checkListener(given)
      const stop = new AbortController()
      const signal = AbortSignal.any([stop.signal, closing])
      void (async () => {
        try {
          for await (const info of client.watch(pid, { signal })) tellListener(listener, info)
        } catch (error) {
          if (!signal.aborted)
            process.emitWarning(`Process ${pid} can no longer be watched: ${error instanceof Error ? error.message : String(error)}`)
        }
      })()
      return () => stop.abort()
    },
    cancel: reason => adopted()?.cancel(reason) ?? refuse('ERR_ALREADY_ENDED'),
    proceed: data => adopted()?.proceed(data) ?? refuse('ERR_NOT_INTERRUPTED'),
    send: event => adopted()?.send(event) ?? refuse('ERR_ALREADY_ENDED'),
  }
}
