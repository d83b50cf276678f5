import { checkEvent, checkProceed, checkSend } from '../client/arguments.ts'
import { outcome } from '../client/outcome.ts'
import { createCommandId, steer as steerAgain, targetOf, type Wish } from '../client/steer.ts'
import { storeOf } from '../client/store-of.ts'
import { copyJson, toJson } from '../record/json.ts'
import type { Client, ProceedOptions, SendOptions, Steered } from '../client/client.ts'
import type { ProceedData, ProcessDefinition, ProcessEvent } from '../record/definition.ts'
import type { Json } from '../record/record.ts'
import type { ProcessInfo } from '../record/info.ts'
import type { LiveProcess } from './process/live-process.ts'
import { cancel, proceed, send } from './process/steering.ts'
import type { Message } from './process/taker.ts'
import { checkListener, notifyListener, type ProcessListener } from './listeners.ts'

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
  proceed(data: unknown, options: ProceedOptions): Promise<Steered>
  /**
   * Sends an event to the machine of the machine step that the process is in, or comes to next:
   * until then it is kept.
   * @throws ERR_ALREADY_ENDED, ERR_EVENT_REFUSED if it is in no machine step and comes to none,
   * ERR_UNKNOWN_EVENT if the step is strict, ERR_NOT_JSON
   *
   * With `wait`, resolves when the record of the machine that took the event is in the store, with
   * the state value of the machine then.
   */
  send(event: ProcessEvent<D>): Promise<Steered>
  send(event: ProcessEvent<D>, options: SendOptions): Promise<Json>
}

export interface HandleOptions {
  readonly client: Client
  /** Aborts once the runtime is closed: ends every wait. */
  readonly closing: AbortSignal
  /** The process, if this host has it. */
  readonly find: (pid: string) => LiveProcess | undefined
  /**
   * Whether a message for a process of this host goes through the store, as those of clients: it
   * has come early.
   */
  readonly mustQueue: (live: LiveProcess, message: Message) => boolean
}

/**
 * The handle of a process, wherever it runs: here, on another host, or, once this host has lost it,
 * on the one that has it then.
 *
 * @param live the process, if it is or was this host's
 */
export function handleOf<Output>(
  pid: string,
  options: HandleOptions,
  live: LiveProcess | undefined = options.find(pid),
): ProcessHandle<Output> {
  const { client, closing, find, mustQueue } = options
  const steer = async (
    here: (live: LiveProcess, cause: { readonly command: string }) => Promise<Steered>,
    elsewhere: () => Promise<Steered>,
    wishOf: (live: LiveProcess) => () => Wish,
    message?: Message,
  ): Promise<Steered> => {
    const ours = live === undefined || live.isLost ? find(pid) : live
    if (ours === undefined || (message && mustQueue(ours, message))) return elsewhere()
    // Made before it is applied: whether a host that is about to lose the process has applied it,
    // the next one finds by this.
    const command = createCommandId()
    const wish = wishOf(ours)
    try {
      return await here(ours, { command })
    } catch (error) {
      if (ours.isLost) return steerAgain(storeOf(client)!, pid, wish, closing, command)
      throw error
    }
  }
  return {
    pid,
    async result() {
      if (live === undefined) return (await client.result(pid, { signal: closing })) as Output
      try {
        return copyJson(outcome(await live.ended())) as Output
      } catch (error) {
        if (!live.isLost) throw error
      }
      return (await client.result(pid, { signal: closing })) as Output
    },
    subscribe(given) {
      const listener = checkListener(given)
      if (live === undefined) return watch(pid, listener, options)
      let stop: (() => void) | undefined = live.subscribe(listener)
      live.ended().catch(() => {
        if (stop !== undefined && live.isLost) stop = watch(pid, listener, options)
      })
      return () => {
        stop?.()
        stop = undefined
      }
    },
    cancel: reason =>
      steer(
        (ours, cause) => cancel(ours, reason, cause),
        () => client.cancel(pid, reason),
        () => () => ({ type: 'cancel', ...(reason !== undefined && { reason }) }),
      ),
    proceed: async (data?: unknown, given: ProceedOptions = {}) => {
      const { name } = checkProceed(given)
      const target = name === undefined ? {} : { name }
      return steer(
        (ours, cause) => proceed(ours, data, { ...target, ...cause }),
        () => client.proceed(pid, data, target),
        ours => {
          const wish = targetOf(ours, name)
          return () => ({
            type: 'proceed',
            ...wish,
            ...(data !== undefined && { data: toJson(data, ours.environment.maxRecordBytes) }),
          })
        },
        { type: 'proceed', ...target },
      )
    },
    send: (async (event: { readonly type: string }, given?: SendOptions): Promise<Json> => {
      if (given !== undefined && checkSend(given).wait) return client.send(pid, event, given)
      return steer(
        (ours, cause) => send(ours, event, cause),
        () => client.send(pid, event),
        ({ environment }) =>
          () => ({ type: 'send', event: toJson(event, environment.maxRecordBytes) as { type: string } }),
        { type: 'send', event: checkEvent(event) },
      )
    }) as ProcessHandle['send'],
  }
}

/** Watches a process in the store. Returns a function that ends it. */
function watch(pid: string, listener: ProcessListener, { client, closing }: HandleOptions): () => void {
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, closing])
  void (async () => {
    try {
      for await (const info of client.watch(pid, { signal })) notifyListener(listener, info)
    } catch (error) {
      if (!signal.aborted)
        process.emitWarning(
          `Process ${pid} can no longer be watched: ${error instanceof Error ? error.message : String(error)}`,
        )
    }
  })()
  return () => stop.abort()
}
