import type { Json, Memory, Progress } from '../../record/record.ts'
import { StepMemory } from '../../steps/run/step-memory.ts'

/** The process whose step remembers. */
export interface Remembering {
  /** What earlier attempts at the step have remembered, from the store. */
  memoryFromStore(step: string): Promise<Map<string, Json>>
  writeMemory(step: string, memory: readonly Memory[], progress?: Progress): void
  /** Settles when every record is in the store; `undefined` if they are. */
  barrier(): Promise<void> | undefined
}

/** What a step of a process remembers, by name: in its journal, and here while it runs. */
export class StoredMemory extends StepMemory {
  readonly #process: Remembering
  readonly #step: string
  #outputs: Map<string, Json> | Promise<Map<string, Json>>
  /**
   * It is not yet given to the journal: what is remembered while a line is written goes into one
   * line.
   */
  #batch: Memory[] = []
  #writing: Promise<void> | undefined

  /** @param isNew no earlier attempt has remembered anything */
  constructor(process: Remembering, step: string, isNew: boolean) {
    super()
    this.#process = process
    this.#step = step
    this.#outputs = isNew ? new Map<string, Json>() : this.#load()
  }

  /** Everything there is. */
  get outputs(): Map<string, Json> | Promise<Map<string, Json>> {
    return this.#outputs
  }

  recall(name: string): Json | undefined | Promise<Json | undefined> {
    const outputs = this.#outputs
    return outputs instanceof Map ? outputs.get(name) : outputs.then(all => all.get(name))
  }

  remember(name: string, output: Json, ms: number): Promise<void> {
    this.#batch.push([name, output, ms])
    return (this.#writing ??= this.#write())
  }

  /** Begins to write it, and waits for nothing. */
  write(memory: readonly Memory[], progress: Progress): void {
    this.#process.writeMemory(this.#step, memory, progress)
  }

  /** An item has finished: what it did once is of no use any more. */
  forget(names: Iterable<string>): void {
    if (this.#outputs instanceof Map) for (const name of names) this.#outputs.delete(name)
  }

  async #load(): Promise<Map<string, Json>> {
    return (this.#outputs = await this.#process.memoryFromStore(this.#step))
  }

  async #write(): Promise<void> {
    await this.#process.barrier()
    const batch = this.#batch
    this.#batch = []
    this.#writing = undefined
    this.#process.writeMemory(this.#step, batch)
    await this.#process.barrier()
    const outputs = await this.#outputs
    for (const [name, output] of batch) outputs.set(name, output)
  }
}
