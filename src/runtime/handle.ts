import { outcome } from '../client/outcome.ts'
import { copyJson } from '../record/json.ts'
import type { Client, Steered } from '../client/client.ts'
import type { ProceedData, ProcessDefinition, ProcessEvent } from '../record/definition.ts'
import type { ProcessInfo } from '../record/info.ts'
import type { LiveProcess } from './process/live-process.ts'
import { cancel, proceed, send } from './process/steering.ts'
import { checkListener, notifyListener } from './listeners.ts'

/** A process, as `runtime.start` returns it. */
export interface ProcessHandle<Output = unknown, D extends ProcessDefinition = ProcessDefinition> {
  readonly pid: string
  /**
   * Waits for the output. If nobody calls it, a failure of the process is not an unhandled
   * rejection.
   * @throws ProcessError, ProcessTimeoutError, ProcessCancelledError, ERR_RUNTIME_CLOSED
   */
  result(): Promise<Output>
  /**
   * Calls back at every transition and progress report from now on. If another host runs the
   * process, first calls back with its current state. Returns a function that ends the
   * subscription. What a listener throws becomes a warning.
   */
  subscribe(listener: (info: ProcessInfo) => void): () => void
  /**
   * Ends the process in `cancelled`, whatever it is doing. Resolves with 'kept' if another host has
   * the process and is not alive.
   * @throws ERR_ALREADY_ENDED
   */
  cancel(reason?: string): Promise<Steered>
  /**
   * Continues an interrupted process. A plain object is merged into the output of the paused step,
   * any other value replaces it, and without data it stays as it is.
   * @throws ERR_NOT_INTERRUPTED, ERR_INVALID_INPUT if `data` does not fit the schema of the step,
   * ERR_NOT_JSON
   */
  proceed(data?: ProceedData<D>): Promise<Steered>
  /**
   * Sends an event to the machine of the machine step that the process is in.
   * @throws ERR_ALREADY_ENDED, ERR_EVENT_REFUSED if it is in no machine step, ERR_UNKNOWN_EVENT if
   * the step is strict, ERR_NOT_JSON
   */
  send(event: ProcessEvent<D>): Promise<Steered>
}

export function liveHandle<Output>(live: LiveProcess): ProcessHandle<Output> {
  return {
    pid: live.pid,
    result: async () => copyJson(outcome(await live.ended())) as Output,
    subscribe: listener => live.subscribe(listener),
    cancel: reason => cancel(live, reason),
    proceed: data => proceed(live, data),
    send: event => send(live, event),
  }
}

/**
 * The handle of a process that this host does not run: it has ended, or another host has it.
 * `closing` ends every wait; `adopted` finds it if this host has adopted it since.
 */
export function foreignHandle<Output>(
  pid: string,
  client: Client,
  closing: AbortSignal,
  adopted: () => LiveProcess | undefined,
): ProcessHandle<Output> {
  const adoptedHandle = (): ProcessHandle | undefined => {
    const live = adopted()
    return live && liveHandle(live)
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
          for await (const info of client.watch(pid, { signal })) notifyListener(listener, info)
        } catch (error) {
          if (!signal.aborted)
            process.emitWarning(`Process ${pid} can no longer be watched: ${error instanceof Error ? error.message : String(error)}`)
        }
      })()
      return () => stop.abort()
    },
    cancel: reason => adoptedHandle()?.cancel(reason) ?? client.cancel(pid, reason),
    proceed: data => adoptedHandle()?.proceed(data) ?? client.proceed(pid, data),
    send: event => adoptedHandle()?.send(event) ?? client.send(pid, event),
  }
}
