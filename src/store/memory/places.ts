import { roomOfRate, type LimitRecord, type Room } from '../../record/limit.ts'

interface Place {
  readonly pid: string
  readonly at: number
}

/** Who has places in limits, in memory. */
export class MemoryPlaces {
  readonly #taken = new Map<string, Place[]>()

  room(limit: LimitRecord, now: number): Room {
    const taken = this.#taken.get(limit.id) ?? []
    if (limit.perMs === undefined) return { free: Math.max(0, limit.places - taken.length) }
    return roomOfRate(
      limit,
      taken.map(({ at }) => at),
      now,
    )
  }

  claim(pid: string, limits: readonly LimitRecord[], now: number): boolean {
    const missing = limits.filter(limit => limit.perMs !== undefined || !this.#has(limit.id, pid))
    if (missing.some(limit => this.room(limit, now).free < 1)) return false
    for (const { id, perMs = Infinity } of missing) {
      const taken = (this.#taken.get(id) ?? []).filter(({ at }) => at + perMs > now)
      this.#taken.set(id, [...taken, { pid, at: now }])
    }
    return true
  }

  /** Of limits of a rate, places stay taken. */
  vacate(pid: string, limits: readonly LimitRecord[] = []): void {
    for (const { id, perMs } of limits)
      if (perMs === undefined)
        this.#taken.set(
          id,
          (this.#taken.get(id) ?? []).filter(place => place.pid !== pid),
        )
  }

  #has(id: string, pid: string): boolean {
    return this.#taken.get(id)?.some(place => place.pid === pid) ?? false
  }
}
