import { draftOf, ifThere, makeFolder, readText, removeFile, writeNew } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { corrupt } from '../../journal/failures.ts'
import { isLimitId, roomOfRate, type LimitRecord, type Room } from '../../record/limit.ts'
import { isPid } from '../../record/pid.ts'
import { namesIn } from './paths.ts'
import type { Paths } from './paths.ts'

/** Whoever claims a place looks again if others change its limit more often than this meanwhile. */
const MAX_ATTEMPTS = 20

/** What a file of a limit says. */
export interface Claim {
  readonly pid: string
  /** Epoch milliseconds. */
  readonly at: number
  /** It counts for a rate, and does not become free with its process. */
  readonly kept?: true
}

function toClaim(value: unknown): Claim {
  const { pid, at, kept } = value as Readonly<Record<string, unknown>>
  if (!isPid(pid) || !Number.isFinite(at)) throw new TypeError('it has no pid, or no time')
  return { pid, at: at as number, ...(kept === true && { kept }) }
}

/**
 * Who has places in limits. A limit is a folder of numbered files, each made by an exclusive link,
 * with its content at once: see Claim.
 *
 * - Of a limit of concurrency, a number is a place. Only the owner of its process unlinks the file,
 *   so no place is ever freed under a new claim; a process that is adopted brings its places.
 * - Of a limit of a rate, numbers count the claims. A claim is made if the one that was so many
 *   before it is old enough. Files that are too old to count are removed, but never the last one.
 */
export class Places {
  readonly #files: Files
  readonly #paths: Paths
  /** The files of the places that were claimed here, by process and limit. */
  readonly #claimed = new Map<string, string>()

  constructor(files: Files, paths: Paths) {
    this.#files = files
    this.#paths = paths
  }

  room(limit: LimitRecord, now: number, taken = this.#numbers(limit.id)): Room {
    if (limit.perMs === undefined) return { free: Math.max(0, limit.places - taken.length) }
    const times = taken.slice(-limit.places).flatMap(number => this.#timeOf(limit.id, number) ?? [])
    return roomOfRate(limit, times, now)
  }

  /**
   * @param mayHave whether the process may have places already: a host before this one had it
   * @throws whatever the file system throws
   */
  claim(pid: string, limits: readonly LimitRecord[], now: number, mayHave: boolean): boolean {
    const made: string[] = []
    try {
      // Places of a rate last: they cannot always be given back.
      for (const limit of limits.toSorted((a, b) => (a.perMs ?? 0) - (b.perMs ?? 0))) {
        if (limit.perMs === undefined && this.#has(pid, limit.id, mayHave)) continue
        const file = limit.perMs === undefined ? this.#takePlace(pid, limit, now) : this.#takeTurn(pid, limit, now)
        if (file === undefined) {
          this.#undo(pid, limits, made)
          return false
        }
        made.push(file)
      }
      return true
    } catch (error) {
      this.#undo(pid, limits, made)
      throw error
    }
  }

  #has(pid: string, id: string, mayHave: boolean): boolean {
    return this.#claimed.has(`${pid} ${id}`) || (mayHave && this.#filesOf(pid, id).length > 0)
  }

  #undo(pid: string, limits: readonly LimitRecord[], made: readonly string[]): void {
    for (const { id } of limits)
      if (made.includes(this.#claimed.get(`${pid} ${id}`) ?? '')) this.#claimed.delete(`${pid} ${id}`)
    this.#remove(made)
  }

  /** Frees the places of a process that its caller alone has. Those of rates stay taken. */
  vacate(pid: string, limits: readonly LimitRecord[]): void {
    for (const { id, perMs } of limits) {
      if (perMs !== undefined) continue
      const claimed = this.#claimed.get(`${pid} ${id}`)
      this.#remove(claimed === undefined ? this.#filesOf(pid, id) : [claimed])
      this.#claimed.delete(`${pid} ${id}`)
      try {
        ifThere(() => this.#files.rmdirSync(this.#paths.limit(id)))
      } catch {
        // Others have places in it.
      }
    }
  }

  /** @returns `undefined` if there is none left */
  #takePlace(pid: string, limit: LimitRecord, now: number): string | undefined {
    const { id, places } = limit
    return this.#withDraft(pid, limit, now, draft => {
      const taken = new Set(this.#numbers(id))
      if (taken.size >= places) return undefined
      for (let number = 0; number < places; number++) {
        const file = this.#paths.place(id, number)
        if (taken.has(number) || !this.#link(draft, file)) continue
        this.#claimed.set(`${pid} ${id}`, file)
        return file
      }
      return undefined
    })
  }

  #takeTurn(pid: string, limit: LimitRecord, now: number): string | undefined {
    const { id, perMs = 0 } = limit
    return this.#withDraft(pid, limit, now, draft => {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const looked = performance.now()
        const numbers = this.#numbers(id)
        if (this.room(limit, now, numbers).free < 1) return undefined
        const file = this.#paths.place(id, (numbers.at(-1) ?? 0) + 1)
        if (!this.#link(draft, file)) continue
        // Until the claims that were there have expired, none of them is removed, and no number is
        // given twice.
        if (performance.now() - looked < perMs) {
          this.#forgetOld(limit, numbers, now)
          return file
        }
        removeFile(this.#files, file)
      }
      return undefined
    })
  }

  #forgetOld({ id, places, perMs = 0 }: LimitRecord, numbers: readonly number[], now: number): void {
    const last = numbers.at(-1) ?? 0
    for (const number of numbers) {
      if (number > last - places && (this.#timeOf(id, number) ?? 0) + perMs > now) return
      removeFile(this.#files, this.#paths.place(id, number))
    }
  }

  #withDraft<T>(pid: string, { id, perMs }: LimitRecord, now: number, work: (draft: string) => T): T {
    const isKept = perMs !== undefined
    const draft = draftOf(this.#paths.place(id, 0))
    const text = Buffer.from(JSON.stringify({ pid, at: now, ...(isKept && { kept: true }) }))
    for (let attempt = 1; ; attempt++) {
      makeFolder(this.#files, this.#paths.limit(id))
      // Whoever frees the last place removes the folder.
      if (ifThere(() => (writeNew(this.#files, draft, text), true)) !== undefined) break
      if (attempt === MAX_ATTEMPTS) throw new Error(`${this.#paths.limit(id)} cannot be made`)
    }
    try {
      return work(draft)
    } finally {
      removeFile(this.#files, draft)
    }
  }

  /** Every claim, or why it makes no sense. */
  *all(): Generator<{ readonly file: string; readonly claim: Claim | Error }> {
    for (const id of namesIn(this.#files, this.#paths.limits).filter(isLimitId))
      for (const number of this.#numbers(id)) {
        const file = this.#paths.place(id, number)
        try {
          const claim = this.#read(id, number)
          if (claim !== undefined) yield { file, claim }
        } catch (error) {
          yield { file, claim: error as Error }
        }
      }
  }

  /** In order. */
  #numbers(id: string): number[] {
    return namesIn(this.#files, this.#paths.limit(id))
      .filter(name => /^\d{1,15}$/.test(name))
      .map(Number)
      .toSorted((a, b) => a - b)
  }

  #filesOf(pid: string, id: string): string[] {
    return this.#numbers(id).flatMap(number => {
      try {
        return this.#read(id, number)?.pid === pid ? this.#paths.place(id, number) : []
      } catch {
        // Nobody's: `stepwright doctor` tells of it.
        return []
      }
    })
  }

  /** When a claim of a rate was made. One that makes no sense counts from when its file was made. */
  #timeOf(id: string, number: number): number | undefined {
    const file = this.#paths.place(id, number)
    try {
      return this.#read(id, number)?.at
    } catch {
      return this.#files.statSync(file, { throwIfNoEntry: false })?.mtimeMs
    }
  }

  /** @throws ERR_STORE_CORRUPT */
  #read(id: string, number: number): Claim | undefined {
    const file = this.#paths.place(id, number)
    try {
      const text = ifThere(() => readText(this.#files, file))
      return text === undefined ? undefined : toClaim(JSON.parse(text))
    } catch (error) {
      throw corrupt(file, error)
    }
  }

  #link(draft: string, file: string): boolean {
    try {
      this.#files.linkSync(draft, file)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  }

  #remove(files: readonly string[]): void {
    for (const file of files) removeFile(this.#files, file)
  }
}
