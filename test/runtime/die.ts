import type { HostStore } from '../../src/store/store.ts'
import type { TestRuntime } from '../../src/testing/index.ts'

const never = () => new Promise<never>(() => {})

/** As SIGKILL would: the host is dead in the store from now on, and nothing of it is written any more. */
export async function die(runtime: TestRuntime): Promise<void> {
  const { store } = runtime as unknown as { store: HostStore }
  await store.close()
  Object.assign(store, { write: never, release: never, close: async () => {} })
  const closing = runtime.close({ within: 0 })
  await runtime.clock.advance(0)
  await closing
}
