import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createRuntime, lowdbStore, type RuntimeOptions, type Store } from 'stepwright'
import type { HostStore } from '../src/store/store.ts'
import { stepwright, type Contestant } from './contestants.ts'

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

async function contestant(name: string, { barrier, hostChecks }: Guarantees): Promise<Contestant> {
  const dir = await mkdtemp(join(import.meta.dirname, '.store-'))
  const neighbour = hostChecks ? await createRuntime({ processes: [], store: lowdbStore(dir) }) : undefined
  const store = barrier ? lowdbStore(dir) : hasty(lowdbStore(dir))
  const options: Pick<RuntimeOptions, 'recover'> = hostChecks ? {} : { recover: false }
  const clean = async () => {
    await neighbour?.close()
    await rm(dir, { recursive: true, force: true })
  }
  return stepwright(name, store, clean, options)
}

export const guarded = () => contestant('barrier and host checks', { barrier: true, hostChecks: true })
export const withoutHostChecks = () => contestant('barrier only', { barrier: true, hostChecks: false })
export const withoutBarrier = () => contestant('host checks only', { barrier: false, hostChecks: true })
export const unguarded = () => contestant('neither', { barrier: false, hostChecks: false })
