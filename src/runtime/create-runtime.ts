import type { ProcessDefinition, ProcessServices, ServicesOption } from '../record/definition.ts'
import { createLoopYield } from './host/event-loop.ts'
import { Host, type Injected } from './host/host.ts'
import { clockOfStore } from './host/store-clock.ts'
import { createPid } from '../record/pid.ts'
import { setStoreOf } from '../client/store-of.ts'
import { systemClock } from '../record/clock.ts'
import { openIsolation } from './attempt/isolation.ts'
import { checkRuntimeOptions, type RuntimeOptions } from './options.ts'
import { checkServices, definitionsOf } from './host/programs.ts'
import type { HostStore } from '../store/store.ts'
import { HostRuntime, type Runtime } from './runtime.ts'

/**
 * Opens a host. It runs processes of these definitions, and adopts the processes that dead hosts
 * left behind.
 *
 * @throws TypeError for a wrong option or a missing service; ERR_STORE_ACCESS, ERR_STORE_VERSION,
 * ERR_STORE_WRITE
 * @example
 * await using runtime = await createRuntime({ processes: [importDump], services: { db } })
 * const job = await runtime.start(importDump, { file: 'dump.xml' })
 * console.log(await job.result())
 */
export async function createRuntime<const P extends readonly ProcessDefinition[]>(
  options: Omit<RuntimeOptions, 'processes'> & { processes: P } & ServicesOption<ProcessServices<P[number]>>,
): Promise<Runtime> {
  return (await openRuntime(options, { clock: systemClock, createPid, yieldLoop: createLoopYield() })).runtime
}

/**
 * Opens a runtime with what tests replace, and gives away the host's side of the store, by which
 * they let the host die.
 */
export async function openRuntime(
  options: RuntimeOptions & { services?: unknown },
  {
    clock,
    isSet = false,
    ...injected
  }: Injected & {
    /** The clock is not to be set to the time of the store: a test moves it. */
    readonly isSet?: boolean
  },
): Promise<{ readonly runtime: Runtime; readonly hostStore: HostStore }> {
  // All that the caller may have got wrong comes first: it must not leave a store behind.
  const checked = checkRuntimeOptions(options)
  const definitions = definitionsOf(options.processes)
  checkServices(definitions, checked.services)
  const { store } = checked
  const plans = [...definitions.values()].map(({ plan }) => plan)
  const isolation = await openIsolation(plans, checked.concurrency, store.maxRecordBytes)
  const hostStore = await store.openHost()
  try {
    const time = isSet ? clock : await clockOfStore(store, clock)
    const host = new Host({
      definitions,
      options: checked,
      isolation,
      readers: store,
      store: hostStore,
      clock: time,
      ...injected,
    })
    await host.open()
    return { runtime: setStoreOf(new HostRuntime(host), store), hostStore }
  } catch (error) {
    await hostStore.close()
    throw error
  }
}
