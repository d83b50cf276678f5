import { openRuntime } from '../runtime/create-runtime.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { RuntimeOptions } from '../runtime/options.ts'
import type { ProcessDefinition, ProcessServices, ServicesOption } from '../record/definition.ts'
import { show } from '../record/show.ts'
import type { ProcessInfo } from '../record/info.ts'
import { storeAt } from '../client/store-at.ts'
import { memoryStore } from '../store/memory/memory-store.ts'
import { createPid } from '../record/pid.ts'
import type { ProcessStatus } from '../record/record.ts'
import type { Store } from '../store/store.ts'
import { TestClock } from './test-clock.ts'

/** A runtime for tests: nothing on disk, time moved by hand, the same pids in every run. */
export interface TestRuntime extends Runtime {
  readonly clock: TestClock
  /** Waits until a process has this status (or is as the function says) and returns it as it is then. Never sleeps. */
  until(pid: string, wanted: ProcessStatus | ((info: ProcessInfo) => boolean)): Promise<ProcessInfo>
  /**
   * Lets the host die, as SIGKILL would: to others on the same store it is dead from now on, and nothing of it is written any more. Steps that
   * are under way are told to end.
   */
  die(): Promise<void>
}

const never = (): Promise<never> => new Promise(() => {})

export interface TestRuntimeOptions extends RuntimeOptions {
  /** Of another test runtime: a test of restarts gives both hosts the same clock and the same store. */
  readonly clock?: TestClock | undefined
}

/** Processes started so far: two hosts on one store must not give the same pid twice. */
const counts = new WeakMap<Store, number>()

function nextTail(store: Store): string {
  const count = (counts.get(store) ?? 0) + 1
  counts.set(store, count)
  return String(count).padStart(11, '0')
}

/**
 * Opens a runtime for tests. Takes the options of `createRuntime`; the store is a `memoryStore()` unless one is given.
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
}: Omit<TestRuntimeOptions, 'processes'> & { processes: P } & ServicesOption<ProcessServices<P[number]>>): Promise<TestRuntime> {
  if (!(clock instanceof TestClock)) throw new TypeError(`createTestRuntime({ clock }): expected a TestClock, received ${show(clock)}`)
  const store = typeof given === 'string' ? storeAt(given) : given
  const { runtime, hostStore } = await openRuntime(
    { ...(options as RuntimeOptions), store },
    { clock, createPid: now => createPid(now, () => nextTail(store)), yieldLoop: () => undefined },
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
      throw new Error(`Process ${pid} ended in ${last?.status} and was never ${typeof wanted === 'function' ? 'as wanted' : wanted}`)
    },
  })
}
