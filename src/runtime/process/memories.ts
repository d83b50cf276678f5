import { StepwrightError } from '../../errors.ts'
import { memoryOf, outputOf } from '../../record/memory.ts'
import type { Json, Memory, ProcessRecord, Progress } from '../../record/record.ts'
import { StoredMemory, type Remembering } from '../attempt/stored-memory.ts'

/** The process, and what it does with its journal. */
interface Process {
  readonly pid: string
  /** It is a fork: what earlier attempts remembered is in its first record. */
  readonly inherits: boolean
  steps(): ProcessRecord['steps']
  barrier(): Promise<void> | undefined
  write(step: string, memory: readonly Memory[], progress: Progress | undefined): void
  /** Every record, from the store. */
  read(): Promise<readonly ProcessRecord[]>
}

/**
 * What the steps of a process that run here remember, and the outputs of earlier steps that they
 * have asked for.
 */
export class Memories implements Remembering {
  readonly #process: Process
  /** By the path of the step. */
  readonly #memories = new Map<string, StoredMemory>()
  readonly #outputs = new Map<string, Promise<Json | undefined>>()

  constructor(process: Process) {
    this.#process = process
  }

  /** What a step remembers, for an attempt at it. */
  of(step: string, isFirst: boolean): StoredMemory {
    const known = this.#memories.get(step)
    if (known !== undefined) return known
    const memory = new StoredMemory(this, step, isFirst && !this.#process.inherits)
    this.#memories.set(step, memory)
    return memory
  }

  /**
   * The output of an earlier step; `undefined` if it was skipped.
   * @throws ERR_UNKNOWN_STEP if it has not ended
   */
  outputOf(step: string): Promise<Json | undefined> {
    const { pid } = this.#process
    const steps = this.#process.steps()
    if (!Object.hasOwn(steps, step) || steps[step]?.endedAt === undefined)
      throw new StepwrightError(
        'ERR_UNKNOWN_STEP',
        `Process ${pid} has no output of step ${JSON.stringify(step)}: no such step has ended`,
      )
    const output = this.#outputs.get(step) ?? this.#process.read().then(records => outputOf(records, step))
    this.#outputs.set(step, output)
    return output
  }

  /**
   * Forgets what belongs to steps that have ended, or everything if the process has ceased to run.
   */
  dropEnded(isRunning: boolean): void {
    for (const step of this.#memories.keys())
      if (!isRunning || this.#process.steps()[step]?.endedAt !== undefined) this.#memories.delete(step)
    this.#outputs.clear()
  }

  // What memories use: see Remembering.

  async memoryFromStore(step: string): Promise<Map<string, Json>> {
    return new Map(memoryOf(await this.#process.read(), step).map(([name, output]) => [name, output]))
  }

  writeMemory(step: string, memory: readonly Memory[], progress?: Progress): void {
    if (this.#process.steps()[step]?.endedAt === undefined) this.#process.write(step, memory, progress)
  }

  barrier(): Promise<void> | undefined {
    return this.#process.barrier()
  }
}
