import { isFinal, type PartialTransition, type Transition } from '../record/record.ts'
import { partialOf } from './partial.ts'

/** A transition with at most so many steps is short anyway. */
const FEW_STEPS = 8
/** The newest whole transition is at most so many lines back. */
const MAX_BACK = 256

/**
 * How the transitions of a process are written: whole, or as what has changed. Those since the
 * newest whole one are together no longer than it is, so a reader reads at most twice as much as
 * one whole transition, and a state that grows costs no more than a few times its final length. The
 * last one of a process is whole, because ended processes are what lists read most.
 */
export class TransitionLines {
  #before: Transition | undefined
  #wholeAt: number
  /** The length of the newest whole transition in characters; 0: it is short. */
  #wholeLength = 0
  /** The length of those since. */
  #length = 0

  /** @param before the newest transition, if it is whole; without it, the next one will be */
  constructor(before: Transition | undefined) {
    this.#before = before
    this.#wholeAt = before?.revision ?? 0
  }

  next(transition: Transition): Transition | PartialTransition {
    const before = this.#before
    this.#before = transition
    const isLong = !isShort(transition, before)
    const partial = isLong && before !== undefined ? this.#partial(before, transition) : undefined
    if (partial !== undefined) return partial
    this.#wholeAt = transition.revision
    this.#wholeLength = isLong ? lengthOf(transition) : 0
    this.#length = 0
    return transition
  }

  /** `undefined` if the transition is to be written whole. */
  #partial(before: Transition, transition: Transition): PartialTransition | undefined {
    const back = transition.revision - this.#wholeAt
    if (back > MAX_BACK || this.#length >= this.#wholeLength) return undefined
    const partial = partialOf(before, transition, back)
    this.#length += lengthOf(partial)
    return this.#length > this.#wholeLength ? undefined : partial
  }
}

/** Little would be saved, or it is the last one. */
const isShort = ({ status, steps, snapshot, outputs, data }: Transition, before: Transition | undefined): boolean =>
  isFinal(status) ||
  (snapshot.machine === undefined &&
    outputs === undefined &&
    (data === undefined || data !== before?.data) &&
    Object.keys(steps).length <= FEW_STEPS)

const lengthOf = (line: object): number => JSON.stringify(line).length
