import type { Clock } from '../../record/clock.ts'
import type { Json, StreamEntry } from '../../record/record.ts'
import type { StreamWriter } from '../attempt/workplace.ts'

/** What is written within this time goes into the store together. In milliseconds. */
const INTERVAL_MS = 25
/** More than this is not held back, in characters. What is no text counts as 100. */
const MAX_HELD = 64 * 1024

interface Environment {
  readonly clock: Clock
  append(entries: readonly StreamEntry[]): void
  /** The first offset that is free, by the store. */
  end(): Promise<number>
}

type Held = Omit<StreamEntry, 'offset' | 'chunks'> & { readonly chunks?: Json[] }

/** The stream of a process that runs here: it counts the chunks, and writes them in groups. */
export class ProcessStream {
  readonly #environment: Environment
  /** By step and part: the run of the work that wrote last. */
  readonly #runs = new Map<string, Map<string, string>>()
  #next: number | undefined
  #held: Held[] = []
  #heldChars = 0
  #finding: Promise<void> | undefined
  #cancel: (() => void) | undefined
  #stopped = false

  /** @param isNew nothing was ever written to it */
  constructor(environment: Environment, isNew: boolean) {
    this.#environment = environment
    this.#next = isNew ? 0 : undefined
  }

  write({ run, ...source }: StreamWriter, chunk: Json): void {
    if (this.#stopped) return
    if (this.#isAnew(source, run)) this.#held.push({ ...source, reset: true })
    const last = this.#held.at(-1)
    if (last?.chunks !== undefined && isSame(last, source)) last.chunks.push(chunk)
    else this.#held.push({ ...source, chunks: [chunk] })
    this.#heldChars += typeof chunk === 'string' ? chunk.length : 100
    if (this.#cancel === undefined || this.#heldChars > MAX_HELD) this.flush()
  }

  /** Gives the store what it does not have: whatever it is given after this is newer. */
  flush(): void {
    if (this.#next === undefined) {
      this.#finding ??= this.#find()
      return
    }
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#held.length === 0) return
    const entries = this.#held.map(({ chunks, ...entry }): StreamEntry => {
      const offset = this.#next!
      this.#next = offset + (chunks?.length ?? 1)
      return { offset, ...entry, ...(chunks && { chunks }) }
    })
    this.#held = []
    this.#heldChars = 0
    this.#cancel = this.#environment.clock.after(INTERVAL_MS, () => this.flush())
    this.#environment.append(entries)
  }

  /**
   * Settles when `flush` can give the store what was written before; `undefined` if it can already.
   */
  ready(): Promise<void> | undefined {
    return this.#finding
  }

  /** Nothing is written any more. */
  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  /** Forgets who wrote in steps that have ended. */
  dropEnded(hasEnded: (step: string) => boolean): void {
    for (const step of this.#runs.keys()) if (hasEnded(step)) this.#runs.delete(step)
  }

  /** Whether an earlier run of the same work has written, or may have, on another host. */
  #isAnew({ step, item, once }: Omit<StreamWriter, 'run'>, run: string): boolean {
    const runs = this.#runs.get(step) ?? new Map<string, string>()
    if (runs.size === 0) this.#runs.set(step, runs)
    const part = `${item ?? ''}:${once ?? ''}`
    const before = runs.get(part)
    if (before !== run) runs.set(part, run)
    return before === undefined ? run.split('.').some(attempt => attempt !== '1') : before !== run
  }

  async #find(): Promise<void> {
    this.#next = await this.#environment.end()
    this.#finding = undefined
    this.flush()
  }
}

const isSame = (entry: Held, { step, attempt, item, once }: Omit<StreamWriter, 'run'>): boolean =>
  entry.step === step && entry.attempt === attempt && entry.item === item && entry.once === once
