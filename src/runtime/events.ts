import { EventEmitter } from 'node:events'
import { checkFunction, mustBe } from '../record/check.ts'
import type { ProcessInfo } from '../record/info.ts'
import { notify } from './listeners.ts'

/** The events of `runtime.on`. */
export interface RuntimeEvents {
  /** A process of this host made a transition, or reported progress. */
  readonly process: ProcessInfo
  /**
   * The host has adopted processes of another one (which had died, or let them go), has lost some
   * (which another host has now, or somebody deleted), or has closed.
   */
  readonly host: { readonly type: 'adopted' | 'lost'; readonly pids: readonly string[] } | { readonly type: 'closed' }
  /**
   * A command that was kept while no living host had the process cannot be done now, for example
   * because the process is not interrupted. The log of the process has an entry too.
   */
  readonly 'command-refused': {
    readonly pid: string
    readonly type: 'cancel' | 'proceed' | 'send'
    readonly code: string
    readonly message: string
  }
  /**
   * A schedule or a process that this host has taken over was written under a clock that was ahead
   * of its own. It goes on by the clock of this host, so that nothing waits until that time comes.
   */
  readonly 'clock-ahead': {
    readonly aheadMs: number
    readonly message: string
    readonly pid?: string
    readonly schedule?: string
  }
  /**
   * The host leaves a process alone, although it knows its definition: its version, step or state
   * is not there any more, or `migrate` failed. `message` is the sentence that `stepwright check`
   * prints. Once per process; `ProcessInfo.misfit` says it as long as it holds.
   */
  readonly misfit: {
    readonly pid: string
    readonly name: string
    readonly version: string
    readonly reason: string
    readonly message: string
  }
  /** The store failed. Nothing is lost: what could not be written is tried again until it is. */
  readonly 'store-error': { readonly error: unknown; readonly message: string; readonly pid?: string }
}

const NAMES: ReadonlySet<string> = new Set<keyof RuntimeEvents>([
  'process',
  'host',
  'command-refused',
  'clock-ahead',
  'misfit',
  'store-error',
])

/** The listeners of a runtime. One that throws harms neither the runtime nor the others. */
export class Events {
  readonly #emitter = new EventEmitter().setMaxListeners(0)

  /** @throws TypeError */
  on<Name extends keyof RuntimeEvents>(name: Name, listener: (event: RuntimeEvents[Name]) => void): () => void {
    if (!NAMES.has(name)) throw mustBe('name of on()', `one of ${[...NAMES].join(', ')}`, name)
    checkFunction(listener, 'listener of on()')
    const safe = (make: () => RuntimeEvents[Name]): void => notify(`A listener to '${name}'`, () => listener(make()))
    this.#emitter.on(name, safe)
    return () => this.#emitter.off(name, safe)
  }

  has(name: keyof RuntimeEvents): boolean {
    return this.#emitter.listenerCount(name) > 0
  }

  /** `make` is called anew for each listener: what one does to its event reaches no other. */
  emit<Name extends keyof RuntimeEvents>(name: Name, make: () => RuntimeEvents[Name]): void {
    this.#emitter.emit(name, make)
  }
}
