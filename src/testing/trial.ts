import { fold, isWhole } from '../journal/line.ts'
import type { JournalLine, ProcessRecord, RecordEvent } from '../record/record.ts'
import { memoryStore } from '../store/memory/memory-store.ts'
import type { HostStore, Store } from '../store/store.ts'
import type { Witness } from './effect.ts'
import { TestClock } from './test-clock.ts'

/** A record of a journal, as a report names it. */
export interface RecordName {
  readonly pid: string
  readonly revision: number
  readonly event: RecordEvent
}

/** What was done to the world outside: how often, and in which step first. */
export interface Done {
  readonly effect: string
  readonly step: string
  readonly times: number
}

type OnEffect = (effect: string, key: string | undefined, step: string) => void

const never = (): Promise<never> => new Promise(() => {})

/**
 * One run of a process: a store in memory, the host that works on it, and what its steps have done
 * to the world outside.
 */
export class Trial {
  readonly clock = new TestClock()
  readonly store: Store
  readonly #done = new Map<string, Done>()
  /** Effects with an idempotency key: done once, however often they are asked for. */
  readonly #known = new Set<string>()
  #host: MortalHost | undefined

  constructor() {
    this.store = memoryStore()
    const openHost = this.store.openHost.bind(this.store)
    Object.assign(this.store, { openHost: async () => this.#watch(await openHost()) })
  }

  get done(): readonly Done[] {
    return [...this.#done.values()]
  }

  /**
   * @param fatal which record, counted from 1 over all processes, the host dies instead of writing
   */
  nextHost(fatal = Infinity): MortalHost {
    this.#host = new MortalHost(fatal, (effect, key, step) => this.#count(effect, key, step))
    return this.#host
  }

  #watch(host: HostStore): HostStore {
    const [create, write] = [host.create.bind(host), host.write.bind(host)]
    const mortal = this.#host
    return Object.assign(host, {
      create: (record: ProcessRecord) => (mortal?.writes(record) ? create(record) : never()),
      write: (line: JournalLine) => (mortal?.writes(line) ? write(line) : never()),
    })
  }

  #count(effect: string, key: string | undefined, step: string): void {
    const id = JSON.stringify([effect, key])
    if (key !== undefined && this.#known.has(id)) return
    this.#known.add(id)
    const { times = 0, step: first = step } = this.#done.get(effect) ?? {}
    this.#done.set(effect, { effect, step: first, times: times + 1 })
  }
}

/**
 * A host that dies when it would write a certain record: by then it has done all that it does after
 * the record before.
 */
export class MortalHost implements Witness {
  /** Resolves when the host dies. */
  readonly died: Promise<void>
  /** The newest record. */
  last: RecordName | undefined
  /** Records written. */
  written = 0
  isDead = false
  readonly #fatal: number
  readonly #onEffect: OnEffect
  /** By process. */
  readonly #records = new Map<string, ProcessRecord>()
  readonly #die: () => void

  constructor(fatal: number, onEffect: OnEffect) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.died = promise
    this.#die = resolve
    this.#fatal = fatal
    this.#onEffect = onEffect
  }

  /** What a dead host does no longer counts: it is done because this Node process lives on. */
  did(effect: string, key: string | undefined): void {
    if (!this.isDead)
      this.#onEffect(effect, key, [...this.#records.values()].flatMap(({ steps }) => stepsUnderWay(steps)).join(', '))
  }

  /** Whether the host lives to write this. */
  writes(line: JournalLine | ProcessRecord): boolean {
    if (this.isDead) return false
    if (this.written + 1 === this.#fatal) {
      this.isDead = true
      this.#die()
      return false
    }
    this.written += 1
    const { pid, revision, event } = line
    this.last = { pid, revision, event }
    const known = this.#records.get(pid)
    if (known !== undefined) this.#records.set(pid, fold(known, line))
    // The first line of a process here has all its steps.
    else if (isWhole(line)) this.#records.set(pid, line as ProcessRecord)
    return true
  }
}

/** Of a step with branches, the branches. */
export function stepsUnderWay(steps: ProcessRecord['steps']): readonly string[] {
  const running = Object.keys(steps).filter(
    name => steps[name]?.status === 'running' && steps[name].child === undefined && steps[name].children === undefined,
  )
  return running.filter(name => !Object.keys(steps).some(other => other.startsWith(`${name}.`)))
}
