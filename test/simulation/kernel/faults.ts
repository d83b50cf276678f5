import type { Random } from '../random.ts'
import { Failure, KILLED } from './failure.ts'
import type { Process } from './process.ts'

/** What may go wrong with a disk, and how often: from 0 to 1. */
export interface FaultRates {
  /** Of writes, and whatever else needs space. */
  readonly full: number
  readonly ioError: number
  /** Of writes that take less than they were given. */
  readonly short: number
}

export const NO_FAULTS: FaultRates = { full: 0, ioError: 0, short: 0 }
const NEED_SPACE: ReadonlySet<string> = new Set(['write', 'mkdir', 'link', 'rename', 'listen'])

/** Lets calls fail. */
export class Faults {
  rates: FaultRates = NO_FAULTS
  /** Who dies before one of its next calls, and before which; one that is a write is half done. */
  readonly dying = new Map<Process, number>()
  injected = 0
  readonly #random: Random
  readonly #onFault: (text: string) => void

  constructor(random: Random, onFault: (text: string) => void) {
    this.#random = random
    this.#onFault = onFault
  }

  /** @returns how much of a write is done, if not all */
  ofCall(life: Process, call: string, path: string, bytes?: number): number | undefined {
    if (this.#isItsLast(life)) {
      this.#onFault(`${life.name} dies in ${call} of ${path}`)
      life.kill()
      if (bytes === undefined) throw new Failure(KILLED, call)
      return this.#random.int(0, bytes)
    }
    const { full, ioError, short } = this.rates
    if (full > 0 && NEED_SPACE.has(call) && this.#random.chance(full)) this.#fail('ENOSPC', call, path)
    if (ioError > 0 && this.#random.chance(ioError)) this.#fail('EIO', call, path)
    if (bytes !== undefined && short > 0 && this.#random.chance(short)) return this.#random.int(1, bytes)
    return undefined
  }

  #isItsLast(life: Process): boolean {
    const left = this.dying.get(life)
    if (left === undefined) return false
    if (left > 1) this.dying.set(life, left - 1)
    return left <= 1 && this.dying.delete(life)
  }

  ofSync(path: string): string | undefined {
    const { ioError } = this.rates
    if (ioError === 0 || !this.#random.chance(ioError)) return undefined
    this.#say('EIO', 'sync', path)
    return 'EIO'
  }

  #fail(code: string, call: string, path: string): never {
    this.#say(code, call, path)
    throw new Failure(code, `${call} ${path}`)
  }

  #say(code: string, call: string, path: string): void {
    this.injected += 1
    this.#onFault(`${code} in ${call} of ${path}`)
  }
}
