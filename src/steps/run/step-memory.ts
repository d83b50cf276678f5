import type { Json } from '../../record/record.ts'

/** What one step does once, and the outputs of it. Shared by all attempts at the step. */
export abstract class StepMemory {
  /** Work under way, by name: whoever asks for it again gets the same. */
  readonly #underWay = new Map<string, Promise<Json>>()

  /** What is remembered by this name; `undefined`: nothing. */
  abstract recall(name: string): Json | undefined | Promise<Json | undefined>

  /** Resolves once the output is in the store. */
  abstract remember(name: string, output: Json, ms: number): Promise<void> | void

  /** @param work makes the output, unless it is remembered */
  once(name: string, work: () => Promise<Json>, now: () => number): Promise<Json> {
    const underWay = this.#underWay.get(name)
    if (underWay !== undefined) return underWay
    const call = this.#call(name, work, now)
    this.#underWay.set(name, call)
    const over = (): unknown => this.#underWay.delete(name)
    call.then(over, over)
    return call
  }

  async #call(name: string, work: () => Promise<Json>, now: () => number): Promise<Json> {
    const remembered = this.recall(name)
    const output = remembered instanceof Promise ? await remembered : remembered
    if (output !== undefined) return output
    const beganAt = now()
    const made = await work()
    await this.remember(name, made, Math.max(0, now() - beganAt))
    return made
  }
}

/** The memory of a step that runs in its caller, and ends with it. */
export class CallersMemory extends StepMemory {
  readonly #outputs = new Map<string, Json>()

  recall(name: string): Json | undefined {
    return this.#outputs.get(name)
  }

  remember(name: string, output: Json): void {
    this.#outputs.set(name, output)
  }
}
