import { AsyncLocalStorage } from 'node:async_hooks'

/** A host on trial: what its steps do to the world outside is told here. */
export interface Witness {
  did(effect: string, idempotencyKey: string | undefined): void
}

export const witnesses = new AsyncLocalStorage<Witness>()

/**
 * Says that a step has just done something to the world outside: for the doubles of services that a
 * test gives its steps. Under `crashEverywhere` it is counted, elsewhere it does nothing.
 *
 * @param idempotencyKey what the service outside would be given: however often it comes with the
 * same key, the service does it once
 * @example const bank = { charge: (amount: number, key: string) => effect('charge', key) }
 */
export function effect(name: string, idempotencyKey?: string): void {
  witnesses.getStore()?.did(name, idempotencyKey)
}
