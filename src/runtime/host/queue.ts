import { isTick } from '../../client/new-process.ts'
import { isSubmission, type ProcessRecord } from '../../record/record.ts'

/** The first record of a fork nobody has written to yet. */
export const isFreshFork = ({ forkedFrom, revision }: ProcessRecord): boolean =>
  forkedFrom !== undefined && revision === 1

/** What a host knows of a process that waits in the store without an owner. */
export interface Waiting {
  readonly pid: string
  readonly name: string
  readonly priority: number
  /** Epoch milliseconds; 0: at once. */
  readonly startsAt: number
  /** This host can run it. */
  readonly isKnown: boolean
  /** Workers alone take it. */
  readonly isForWorkers: boolean
  /** Goes on where another process was: it is taken though no slot is free. */
  readonly isFork: boolean
}

export const waitingOf = (record: ProcessRecord, isKnown: boolean): Waiting => ({
  pid: record.pid,
  name: record.name,
  priority: record.priority ?? 0,
  startsAt: record.startsAt ?? 0,
  isKnown,
  isForWorkers: isSubmission(record) && !isTick(record),
  isFork: isFreshFork(record),
})

/** What of a queue a host takes now. */
export interface Choice {
  readonly pids: ReadonlySet<string>
  /** Something was left only because no slot was free. */
  readonly isFull: boolean
  /** When the next one is to start, in epoch milliseconds. */
  readonly nextAt: number | undefined
}

export interface Room {
  readonly now: number
  readonly freeSlots: number
  /** How many a worker may still take. */
  readonly left: number
  readonly isPaused: (name: string) => boolean
  /** It is taken whatever it waits for: it will not begin. */
  readonly isCancelled: (pid: string) => boolean
}

/** Chooses by priority, and the older ones first. */
export function choose(waiting: Iterable<Waiting>, { now, isPaused, isCancelled, ...room }: Room): Choice {
  const pids = new Set<string>()
  let { freeSlots, left } = room
  let isFull = false
  let nextAt: number | undefined
  for (const one of inOrder(waiting)) {
    if (!one.isKnown) continue
    if (isCancelled(one.pid)) pids.add(one.pid)
    else if (isPaused(one.name) || (one.isForWorkers && left === 0)) continue
    else if (one.startsAt > now) nextAt = Math.min(nextAt ?? Infinity, one.startsAt)
    else if (one.isFork) pids.add(one.pid)
    else if (freeSlots < 1) isFull = true
    else {
      freeSlots -= 1
      if (one.isForWorkers) left -= 1
      pids.add(one.pid)
    }
  }
  return { pids, isFull, nextAt }
}

/** Higher priorities first, and in each the order in which they came: that of their age. */
function inOrder(waiting: Iterable<Waiting>): readonly Waiting[] {
  const all = [...waiting]
  const [first] = all
  return all.every(({ priority }) => priority === first?.priority)
    ? all
    : all.toSorted((a, b) => b.priority - a.priority)
}
