import type { Store } from '../store/store.ts'

const stores = new WeakMap<object, Store>()

/** Remembers which store a client or a runtime works on. */
export function setStoreOf<C extends object>(client: C, store: Store): C {
  stores.set(client, store)
  return client
}

/** The store that a client or a runtime works on; `undefined` if it is neither. */
export const storeOf = (client: object): Store | undefined => stores.get(client)
