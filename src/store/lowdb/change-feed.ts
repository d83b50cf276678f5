import { setTimeout } from 'node:timers/promises'
import { isMissing } from '../../errors.ts'
import type { Files } from '../../journal/files.ts'
import { orReadFailed, readFailed } from '../../journal/failures.ts'
import { createLoopYield } from '../loop-yield.ts'
import type { Directory } from './directory.ts'
import { hoursIn, namesIn, ownersIn, parseEndedName, pidOfJournal } from './paths.ts'
import type { Paths } from './paths.ts'

const POLL_MS = 100
const MAX_POLL_MS = 1000
/**
 * The feed waits this many times as long as its last look took, so that a store of many live
 * processes costs no more than 1/25 of a CPU.
 */
const LOOK_SHARE = 25
/**
 * The feed waits this many times as long as its reader spent on the last batch, so that busy stores
 * are shown in larger steps.
 */
const READER_SHARE = 4
/**
 * A folder may change again within the tick of the clock that its newest change was stamped with.
 */
const STAMP_MS = 50

/** See `Store.changes`. Reads names and sizes, never a journal. */
export async function* changes({ files, paths }: Directory, signal: AbortSignal): AsyncGenerator<string[]> {
  const watched = new Map<string, WatchedFolder>()
  for (let first = true; !signal.aborted; first = false) {
    const began = performance.now()
    const changed = await look(files, paths, watched)
    const tookMs = performance.now() - began
    const told = performance.now()
    if (first || changed.size > 0) yield [...changed].toSorted().toReversed()
    const usedMs = performance.now() - told
    // The first look reads all names, later ones those of folders that have changed.
    const pauseMs = first
      ? POLL_MS
      : Math.min(Math.max(POLL_MS, tookMs * LOOK_SHARE, usedMs * READER_SHARE), MAX_POLL_MS)
    await setTimeout(pauseMs, undefined, { signal }).catch(() => {})
  }
}

async function look(files: Files, paths: Paths, watched: Map<string, WatchedFolder>): Promise<Set<string>> {
  const changed = new Set<string>()
  const live = [paths.pending, ...ownersIn(files, paths).map(owner => paths.activeFolder(owner))]
  const ended = hoursIn(files, paths).map(hour => paths.hourFolder(hour))
  const now = new Set([...live, ...ended])
  for (const folder of new Set([...watched.keys(), ...now])) {
    const one = watched.get(folder) ?? new WatchedFolder(files, paths, folder)
    watched.set(folder, one)
    await one.look(live.includes(folder), changed)
    if (!now.has(folder)) watched.delete(folder)
  }
  return changed
}

class WatchedFolder {
  readonly #files: Files
  readonly #paths: Paths
  readonly #folder: string
  /** By pid: the name of its journal, and how long that is while it may grow. */
  #journals = new Map<string, { readonly name: string; bytes: number }>()
  #stampMs = -1
  #readAtMs = 0

  constructor(files: Files, paths: Paths, folder: string) {
    this.#files = files
    this.#paths = paths
    this.#folder = folder
  }

  async look(grows: boolean, changed: Set<string>): Promise<void> {
    this.#readNames(changed)
    if (!grows) return
    const yieldLoop = createLoopYield()
    for (const [pid, journal] of this.#journals) {
      await yieldLoop()
      // A journal that has moved on meanwhile is missed by the next look at the names.
      const file = this.#paths.found(this.#folder, journal.name)
      const stat = orReadFailed(file, () => this.#files.statSync(file, { throwIfNoEntry: false }))
      const bytes = stat?.size ?? journal.bytes
      if (bytes !== journal.bytes) changed.add(pid)
      journal.bytes = bytes
    }
  }

  #readNames(changed: Set<string>): void {
    const stampMs = this.#stamp()
    if (stampMs === this.#stampMs && this.#readAtMs - stampMs > STAMP_MS) return
    this.#readAtMs = Date.now()
    this.#stampMs = stampMs
    const before = this.#journals
    this.#journals = new Map()
    for (const name of namesIn(this.#files, this.#folder)) {
      const pid = pidOfJournal(name) ?? parseEndedName(name)?.pid
      if (pid === undefined) continue
      const known = before.get(pid)
      this.#journals.set(pid, known?.name === name ? known : { name, bytes: -1 })
      if (known?.name !== name) changed.add(pid)
    }
    for (const pid of before.keys()) if (!this.#journals.has(pid)) changed.add(pid)
  }

  #stamp(): number {
    try {
      return this.#files.statSync(this.#folder, { throwIfNoEntry: false })?.mtimeMs ?? -1
    } catch (error) {
      if (isMissing(error)) return -1
      throw readFailed(this.#folder, error)
    }
  }
}
