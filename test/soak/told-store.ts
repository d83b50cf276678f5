import type { HostStore, Store } from 'stepwright'
import { epochOf } from '../../src/record/record.ts'
import { tellHost } from './effects.ts'

/**
 * Tells which processes a host takes up, and each line that it gives to the store, before either
 * happens. So what steps did can be compared with what the store had by then, and no clock is read.
 */
export function toldStore(store: Store): Store {
  const openHost = store.openHost.bind(store)
  store.openHost = async () => tellOf(await openHost())
  return store
}

function tellOf(host: HostStore): HostStore {
  const adopt = host.adopt.bind(host)
  host.adopt = async function* (...args) {
    for await (const adopted of adopt(...args)) {
      const { record } = adopted
      tellHost('took', record.pid, epochOf(record), record.revision)
      yield adopted
    }
  }
  const write = host.write.bind(host)
  host.write = line => {
    tellHost('line', line.pid, epochOf(line), line.revision)
    return write(line)
  }
  return host
}
