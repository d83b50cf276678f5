import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ProcessRecord } from '../../src/record/record.ts'

/** What a host and its test tell each other in shared memory. */
export const RESTS = 0,
  STOPPED = 1,
  GO = 2,
  DIE = 3

export type StepOrder =
  | { readonly open: string }
  | { readonly create: readonly ProcessRecord[] }
  /** Creates a process, ends it and removes it before all others. */
  | { readonly churn: ProcessRecord; readonly dir: string; readonly create: readonly ProcessRecord[] }
  | { readonly adopt: { readonly dir: string; readonly hostId: string; readonly dead: readonly string[] } }
  | { readonly remove: { readonly dir: string; readonly pid: string } }

/** The pids it was given or has taken, or the id of a host; `undefined` if it died on the way. */
export type StepAnswer = readonly string[] | undefined

const program = join(import.meta.dirname, '../hosts/stepping-host.ts')

/**
 * A host in a thread, which goes from one call of the file system to the next when it is told to.
 */
export class Stepper {
  readonly #state = new Int32Array(new SharedArrayBuffer(4))
  readonly #worker = new Worker(program, { workerData: { state: this.#state } })
  /**
   * One for each order, in order: a worker may take several before the messages of the first
   * arrive.
   */
  readonly #answers: PromiseWithResolvers<StepAnswer>[] = []
  #answered = 0
  #isOver = true

  constructor() {
    this.#worker.on('message', (answer: StepAnswer) => this.#answers[this.#answered++]?.resolve(answer))
  }

  /** Lets it begin, up to its first call. */
  begin(order: StepOrder): void {
    this.#answers.push(Promise.withResolvers())
    this.#isOver = false
    Atomics.store(this.#state, 0, GO)
    this.#worker.postMessage(order)
    this.#settle()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  step(word: typeof GO | typeof DIE = GO): void {
    Atomics.store(this.#state, 0, word)
    Atomics.notify(this.#state, 0)
    this.#settle()
  }

  /** Through all of it. */
  async run(order: StepOrder): Promise<StepAnswer> {
    this.begin(order)
    while (!this.#isOver) this.step()
    return this.answer()
  }

  /** To the newest order. */
  async answer(): Promise<StepAnswer> {
    return this.#answers.at(-1)?.promise
  }

  close(): Promise<number> {
    return this.#worker.terminate()
  }

  /** Blocks until the host has come to its next call, or is through. */
  #settle(): void {
    for (let now = GO as number; now === GO || now === DIE; now = Atomics.load(this.#state, 0))
      Atomics.wait(this.#state, 0, now)
    this.#isOver = Atomics.load(this.#state, 0) === RESTS
  }
}
