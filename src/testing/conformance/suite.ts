import type { HostStore, Store } from '../../store/store.ts'

/** A store to test, and what only its author can do to it. */
export interface StoreUnderTest {
  readonly store: Store
  /** Opens another instance on the same data, as a second Node process would. */
  readonly open: () => Store
  /** Makes a host look dead to others, without releasing anything. */
  readonly crash: (host: HostStore) => Promise<void>
  readonly cleanup: () => Promise<void>
}

/** One test of the contract of a store. */
export interface ConformanceTest {
  readonly name: string
  /**
   * Throws an AssertionError if the store breaks the contract. `makeStore` returns an empty store.
   */
  readonly run: (makeStore: () => Promise<StoreUnderTest>) => Promise<void>
}

/** A test that cleans up after itself. */
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
