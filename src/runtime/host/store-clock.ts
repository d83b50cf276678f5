import type { Clock } from '../../record/clock.ts'
import type { Store } from '../../store/store.ts'

/** How long a measurement is good for: a clock that is set meanwhile is noticed after it. */
const FRESH_MS = 60_000
/** What takes longer says too little: the answer waited somewhere, or this program was blocked. */
const MAX_ROUND_TRIP_MS = 100
/**
 * How often a host that opens asks at most, for an answer that says enough. The best one counts.
 */
const FIRST_QUESTIONS = 5

interface Answer {
  readonly roundTripMs: number
  /** Wrong by half the round trip at most. */
  readonly offsetMs: number
}

/**
 * The clock of a host, set to the time of its store, so that all hosts of a store share one time
 * whatever their machines say.
 */
class StoreClock implements Clock {
  readonly #clock: Clock
  readonly #time: () => Promise<number>
  #offsetMs = 0
  #measuredAt = 0
  #isMeasuring = false

  constructor(clock: Clock, time: () => Promise<number>) {
    this.#clock = clock
    this.#time = time
  }

  now(): number {
    // Whoever waits reads the clock at least once a minute.
    if (performance.now() - this.#measuredAt > FRESH_MS && !this.#isMeasuring) this.measure().catch(() => {})
    return this.#clock.now() + this.#offsetMs
  }

  after(ms: number, callback: () => void): () => void {
    return this.#clock.after(ms, callback)
  }

  /** A host that opens takes the best answer it gets, a later measurement only a good one. */
  async measure(isFirst = false): Promise<void> {
    this.#isMeasuring = true
    try {
      const best = await this.#askBest(isFirst ? FIRST_QUESTIONS : 1)
      if (isFirst || best.roundTripMs <= MAX_ROUND_TRIP_MS) this.#offsetMs = best.offsetMs
    } finally {
      // One that failed is not tried again at once.
      this.#measuredAt = performance.now()
      this.#isMeasuring = false
    }
  }

  async #askBest(questions: number): Promise<Answer> {
    const answer = await this.#ask()
    if (questions === 1 || answer.roundTripMs <= MAX_ROUND_TRIP_MS) return answer
    const other = await this.#askBest(questions - 1)
    return other.roundTripMs < answer.roundTripMs ? other : answer
  }

  async #ask(): Promise<Answer> {
    const askedAt = performance.now()
    const storeNow = await this.#time()
    const roundTripMs = performance.now() - askedAt
    return { roundTripMs, offsetMs: Math.round(storeNow + roundTripMs / 2 - this.#clock.now()) }
  }
}

/** @returns the clock itself where the store has no time of its own */
export async function clockOfStore(store: Store, clock: Clock): Promise<Clock> {
  if (store.time === undefined) return clock
  const storeClock = new StoreClock(clock, () => store.time!())
  // The first answer waits for a connection: it says little.
  await store.time()
  await storeClock.measure(true)
  return storeClock
}
