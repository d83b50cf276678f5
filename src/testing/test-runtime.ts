import { openRuntime } from '../runtime/create-runtime.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { RuntimeOptions } from '../runtime/options.ts'
import type { ProcessDefinition, ProcessServices, ServicesOption } from '../record/definition.ts'
import { mustBe } from '../record/check.ts'
import type { ProcessInfo } from '../record/info.ts'
import { storeAt } from '../client/store-at.ts'
import { memoryStore } from '../store/memory/memory-store.ts'
import { createPid } from '../record/pid.ts'
import type { ProcessStatus } from '../record/record.ts'
import type { Store } from '../store/store.ts'
import { TestClock } from './test-clock.ts'

/**
 * A runtime for tests: nothing is on disk, the test moves the clock, and pids are the same in every
 * run.
 */
export interface TestRuntime extends Runtime {
  readonly clock: TestClock
  /**
   * Waits until a process has this status, or until the function returns true, and returns the
   * process as it is then. It never sleeps.
   * @throws an error if the process ends before that
   */
  until(pid: string, wanted: ProcessStatus | ((info: ProcessInfo) => boolean)): Promise<ProcessInfo>
  /**
   * Lets the host die, as SIGKILL would. From then on it is dead to others on the same store, and
   * it writes nothing any more. The signals of the steps under way abort.
   */
  die(): Promise<void>
}

const never = (): Promise<never> => new Promise(() => {})

/** Options of `createTestRuntime`: those of `createRuntime`, and a clock. */
export interface TestRuntimeOptions extends RuntimeOptions {
  /**
   * The clock of another test runtime: a test of restarts gives both hosts the same clock and the
   * same store.
   */
  readonly clock?: TestClock | undefined
}

/**
 * How many processes were started per store: two hosts on one store must not create the same pid.
 */
const counts = new WeakMap<Store, number>()

function nextTail(store: Store): string {
  const count = (counts.get(store) ?? 0) + 1
  counts.set(store, count)
  return String(count).padStart(11, '0')
}

/**
 * Opens a runtime for tests. It takes the options of `createRuntime`. The default store is a
 * `memoryStore()`.
 *
 * @example
 * const runtime = await createTestRuntime({ processes: [reminder] })
 * const { pid } = await runtime.start(reminder, { to: 'me' })
 * await runtime.until(pid, 'sleeping')
 * await runtime.clock.advance('7d')
 * assert.equal((await runtime.until(pid, 'finished')).output, 'reminded')
 */
export async function createTestRuntime<const P extends readonly ProcessDefinition[]>({
  clock = new TestClock(),
  store: given = memoryStore(),
  ...options
}: Omit<TestRuntimeOptions, 'processes'> & { processes: P } & ServicesOption<
    ProcessServices<P[number]>
  >): Promise<TestRuntime> {
  if (!(clock instanceof TestClock)) throw mustBe('clock of createTestRuntime()', 'a TestClock', clock)
  const store = typeof given === 'string' ? storeAt(given) : given
  const { runtime, hostStore } = await openRuntime(
    { ...(options as RuntimeOptions), store },
    { clock, isSet: true, createPid: now => createPid(now, () => nextTail(store)), yieldLoop: () => undefined },
  )
  return Object.assign(runtime, {
    clock,
    async die() {
      await hostStore.close()
      Object.assign(hostStore, { write: never, release: never, close: async () => {} })
      const closing = runtime.close({ within: 0 })
      await clock.advance(0)
      await closing
    },
    async until(pid: string, wanted: ProcessStatus | ((info: ProcessInfo) => boolean)): Promise<ProcessInfo> {
      const isIt = typeof wanted === 'function' ? wanted : (info: ProcessInfo) => info.status === wanted
      let last: ProcessInfo | undefined
      for await (const info of runtime.watch(pid)) {
        if (isIt(info)) return info
        last = info
      }
      throw new Error(
        `Process ${pid} ended in ${last?.status} and was never ${typeof wanted === 'function' ? 'as wanted' : wanted}`,
      )
    },
  })
}
