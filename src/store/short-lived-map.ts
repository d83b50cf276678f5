/**
 * Entries may be put in this often, beyond their number, before the Map is made anew: long before
 * V8 would grow its table.
 */
const MIN_TURNOVER = 64

/**
 * A Map whose entries come and go by the thousand a second. V8 gives a Map a new table after so
 * many changes and links the old table to it. Once one table has grown old, the next is taken for
 * alive, and all that was in it, until the next full collection: each process that had ended was
 * copied twice, a quarter of the CPU. A Map that is made anew in time is linked to nothing.
 */
export class ShortLivedMap<Key, Value> {
  #map = new Map<Key, Value>()
  #turnover = 0

  get size(): number {
    return this.#map.size
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key)
  }

  has(key: Key): boolean {
    return this.#map.has(key)
  }

  set(key: Key, value: Value): void {
    this.#turnover += 1
    if (this.#turnover > this.#map.size + MIN_TURNOVER) {
      this.#map = new Map(this.#map)
      this.#turnover = 0
    }
    this.#map.set(key, value)
  }

  delete(key: Key): void {
    this.#map.delete(key)
  }

  clear(): void {
    this.#map = new Map()
  }

  /** Oldest first. What is put in during a walk may be left out. */
  keys(): IterableIterator<Key> {
    return this.#map.keys()
  }

  /** See `keys`. */
  entries(): IterableIterator<[Key, Value]> {
    return this.#map.entries()
  }

  values(): IterableIterator<Value> {
    return this.#map.values()
  }
}
