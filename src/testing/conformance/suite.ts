import type { HostStore, Store } from '../../store/store.ts'

/** A store to try, and what only its author can do to it. */
export interface StoreUnderTest {
  readonly store: Store
  /** Another instance on the same data: what a second Node process would open. */
  readonly open: () => Store
  /** The host dies: others see it dead, and it lets go of nothing. */
  readonly crash: (host: HostStore) => Promise<void>
  readonly cleanup: () => Promise<void>
}

export interface ConformanceTest {
  readonly name: string
  /** Throws an AssertionError where the store breaks the contract. `makeStore` makes an empty store. */
  readonly run: (makeStore: () => Promise<StoreUnderTest>) => Promise<void>
}

/** A test that cleans up behind itself. */
export function check(name: string, body: (tried: StoreUnderTest) => Promise<void>): ConformanceTest {
  return {
    name,
    async run(makeStore) {
      const tried = await makeStore()
      try {
        await body(tried)
      } finally {
        await tried.cleanup()
      }
    },
  }
}
