import type { Store } from '../store/store.ts'

/** Tells all hosts that there may be something in the store for them. Returns whether any lives. */
export async function wakeAll(store: Pick<Store, 'hosts' | 'wake'>): Promise<boolean> {
  const living = (await store.hosts()).filter(({ state }) => state !== 'dead')
  await Promise.all(living.map(({ id }) => store.wake(id)))
  return living.some(({ state }) => state === 'alive')
}
