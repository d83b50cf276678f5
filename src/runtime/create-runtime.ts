import type { Client, Steered } from '../client/client.ts'
import type { Given, ProcessDefinition, ProcessInput, ProcessOutput, ProcessServices, ServicesOption } from '../record/definition.ts'
import { createPace } from './host/pace.ts'
import { createPid } from '../record/pid.ts'
import { setStoreOf } from '../client/store-of.ts'
import { systemClock } from './clock.ts'
import { openIsolation } from './attempt/isolation.ts'
import type { RuntimeEvents } from './events.ts'
import type { ProcessHandle } from './handle.ts'
import { checkRuntimeOptions, type CloseOptions, type RuntimeOptions, type StartOptions } from './options.ts'
import { checkServices, definitionsOf } from './host/programs.ts'
import { ProcessRuntime, type Injected } from './runtime.ts'

/** The object through which app code starts and closes processes. A client of its store as well. */
export interface Runtime extends Omit<Client, 'close'> {
  /**
   * Starts a process: it is on disk when the promise resolves.
   * @throws ERR_INVALID_INPUT, ERR_NOT_JSON, ERR_RECORD_TOO_LARGE, ERR_UNKNOWN_DEFINITION, ERR_STORE_WRITE, ERR_RUNTIME_CLOSED
   */
  start<D extends ProcessDefinition>(
    definition: D,
    ...given: Given<ProcessInput<D>, [options?: StartOptions]>
  ): Promise<ProcessHandle<ProcessOutput<D>>>
  /**
   * Ends a process in `cancelled`, whatever it is doing.
   * @throws ERR_UNKNOWN_PROCESS, ERR_ALREADY_ENDED
   */
  cancel(pid: string, reason?: string): Promise<Steered>
  /**
   * Lets an interrupted process go on.
   * @throws ERR_UNKNOWN_PROCESS, ERR_NOT_INTERRUPTED, ERR_INVALID_INPUT, ERR_NOT_JSON
   */
  proceed(pid: string, data?: unknown): Promise<Steered>
  /**
   * Tells of what happens here from now on: transitions and progress of the processes of this host, takeovers, failures of the store. Returns a
   * function that ends it.
   * @example runtime.on('process', ({ pid, status }) => console.log(pid, status))
   */
  on<Name extends keyof RuntimeEvents>(name: Name, listener: (event: RuntimeEvents[Name]) => void): () => void
  /**
   * Resolves once a worker has done its work (see `WorkerOptions`) and no process here runs, sleeps or waits to begin; at once after `close`.
   */
  idle(): Promise<void>
  /**
   * Tells the steps under way to end and waits for them, at most `within` (default '10s'). What has not ended is given up: the next host goes on with it.
   */
  close(options?: CloseOptions): Promise<void>
}

/**
 * Opens a host: it runs processes of these definitions, and goes on with what dead hosts left behind.
 *
 * @throws TypeError for a wrong option or a missing service; ERR_STORE_ACCESS, ERR_STORE_VERSION, ERR_STORE_WRITE
 * @example
 * await using runtime = await createRuntime({ processes: [importDump], services: { db } })
 * const job = await runtime.start(importDump, { file: 'dump.xml' })
 * console.log(await job.result())
 */
export async function createRuntime<const P extends readonly ProcessDefinition[]>(
  options: Omit<RuntimeOptions, 'processes'> & { processes: P } & ServicesOption<ProcessServices<P[number]>>,
): Promise<Runtime> {
  return openRuntime(options, { clock: systemClock, createPid, pace: createPace() })
}

export async function openRuntime(options: RuntimeOptions & { services?: unknown }, injected: Injected): Promise<Runtime> {
  // All that the caller may have got wrong comes first: it must not leave a store behind.
  const checked = checkRuntimeOptions(options)
  const definitions = definitionsOf(options.processes)
  checkServices(definitions, checked.services)
  const { store } = checked
  const plans = [...definitions.values()].map(({ plan }) => plan)
  const isolation = await openIsolation(plans, checked.concurrency, store.maxRecordBytes)
  const host = await store.openHost()
  try {
    const runtime = new ProcessRuntime(definitions, checked, store, host, { ...injected, isolation })
    await runtime.open()
    return setStoreOf(runtime, store)
  } catch (error) {
    await host.close()
    throw error
  }
}
