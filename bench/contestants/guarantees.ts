import { channel, tracingChannel } from 'node:diagnostics_channel'
import { createRuntime, lowdbStore, type Store } from 'stepwright'
import type { HostStore } from '../../src/store/store.ts'
import type { OpenContestant } from '../contestant.ts'
import { onStore } from './stepwright.ts'

/** An object whose method `name` is another. */
function changed<T extends object>(object: T, name: keyof T, method: unknown): T {
  return new Proxy(object, {
    get(target, key) {
      if (key === name) return method
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** A store that says a line is written before it is: the barrier is always open. */
const hasty = (store: Store): Store =>
  changed(store, 'openHost', async () => {
    const host = await store.openHost()
    return changed<HostStore>(host, 'write', (line: Parameters<HostStore['write']>[0]) => {
      void host.write(line)
      return Promise.resolve()
    })
  })

interface Guarantees {
  readonly barrier: boolean
  /** Looks twice a second for hosts that died, while there is another that is alive. */
  readonly hostChecks: boolean
}

const contestant =
  ({ barrier, hostChecks }: Guarantees): OpenContestant =>
  async setting => {
    const neighbour = hostChecks ? await createRuntime({ processes: [], store: lowdbStore(setting.dir) }) : undefined
    const store = lowdbStore(setting.dir)
    const { run, close } = await onStore(barrier ? store : hasty(store), setting, hostChecks ? {} : { recover: false })
    return { run, close: async () => void (await Promise.all([close(), neighbour?.close()])) }
  }

export const guarded = contestant({ barrier: true, hostChecks: true })
export const withoutHostChecks = contestant({ barrier: true, hostChecks: false })
export const withoutBarrier = contestant({ barrier: false, hostChecks: true })
export const unguarded = contestant({ barrier: false, hostChecks: false })

/** With somebody who listens to everything, and does nothing. */
export const listenedTo: OpenContestant = setting => {
  const ignore = (): void => {}
  for (const name of ['process', 'adoption', 'slots']) channel(`stepwright:${name}`).subscribe(ignore)
  for (const name of ['start', 'attempt', 'once', 'store'])
    tracingChannel(`stepwright:${name}`).subscribe({ start: ignore, asyncEnd: ignore })
  return guarded(setting)
}
