import { isTick } from '../../client/new-process.ts'
import type { LimitRecord, Room as LimitRoom } from '../../record/limit.ts'
import { isSubmission, type ProcessRecord } from '../../record/record.ts'
import { currentLimits } from '../../steps/limit.ts'
import type { ProcessPlan } from '../../steps/plan.ts'

/** The first record of a fork nobody has written to yet. */
export const isFreshFork = ({ forkedFrom, revision }: ProcessRecord): boolean =>
  forkedFrom !== undefined && revision === 1

/** Whether a client has submitted it: workers alone take it. */
export const isForWorkers = (record: ProcessRecord): boolean => record.event.type === 'SUBMIT' && !isTick(record)

/** What a host knows of a process that waits in the store without an owner. */
export interface Waiting {
  readonly pid: string
  readonly priority: number
  /** Epoch milliseconds; 0: at once. */
  readonly startsAt: number
  /** Of the definition by which this host runs it; `undefined` if it cannot. */
  readonly plan: ProcessPlan | undefined
  readonly isForWorkers: boolean
  /** Goes on where another process was: it is taken though no slot is free. */
  readonly isFork: boolean
  readonly limits: readonly LimitRecord[]
  /** Its key in these limits is not known before a host has completed it. */
  readonly isRaw: boolean
  /** Processes with keys are served in turn: each group in the order of age. */
  readonly group: string
  readonly hasKey: boolean
}

export function waitingOf(record: ProcessRecord, plan: ProcessPlan | undefined): Waiting {
  const { pid, name, priority = 0, startsAt = 0 } = record
  const limits = record.limits === undefined || plan === undefined ? [] : currentLimits(record.limits, plan)
  const keyed = limits.find(({ key }) => key !== undefined)
  return {
    pid,
    priority,
    startsAt,
    plan,
    isForWorkers: isForWorkers(record),
    isFork: isFreshFork(record),
    limits,
    isRaw: isSubmission(record) && plan?.limits !== undefined,
    group: keyed === undefined ? `definition ${name}` : `key ${keyed.limit} ${keyed.key}`,
    hasKey: keyed !== undefined,
  }
}

/** What of a queue a host takes now. */
export interface Choice {
  readonly pids: ReadonlySet<string>
  /** Something was left only because no slot was free. */
  readonly isFull: boolean
  /** When the next one may begin, in epoch milliseconds, if that is known. */
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
  /** Of limits, by id. One that is not there has room. */
  readonly rooms: ReadonlyMap<string, LimitRoom>
  /** When a group was last served: a number that grows. */
  readonly served: ReadonlyMap<string, number>
}

type Known = Waiting & { readonly plan: ProcessPlan }

/** Those that need nothing but room. */
export const eligible = (
  waiting: Iterable<Waiting>,
  { now, left, isPaused }: Pick<Room, 'now' | 'left' | 'isPaused'>,
): Known[] =>
  [...waiting].filter(
    (one): one is Known =>
      one.plan !== undefined &&
      !one.isRaw &&
      !isPaused(one.plan.name) &&
      !(one.isForWorkers && left === 0) &&
      one.startsAt <= now,
  )

/** Chooses by priority, then in turn by key, and of each key the older ones first. */
export function choose(waiting: readonly Waiting[], room: Room): Choice {
  const { now, isCancelled, rooms, served } = room
  const cancelled = waiting.filter(({ pid, plan, isRaw }) => plan !== undefined && !isRaw && isCancelled(pid))
  const pids = new Set(cancelled.map(({ pid }) => pid))
  const free = new Map([...rooms].map(([id, limit]) => [id, limit.free]))
  const isFree = ({ id }: LimitRecord): boolean => (free.get(id) ?? 1) > 0
  const times = waiting.flatMap(({ startsAt, plan }) => (plan !== undefined && startsAt > now ? startsAt : []))
  let { freeSlots, left } = room
  let isFull = false
  for (const one of inTurn(eligible(waiting, room), served)) {
    if (pids.has(one.pid) || (one.isForWorkers && left === 0)) continue
    const full = one.limits.filter(limit => !isFree(limit))
    if (full.length > 0) times.push(...full.flatMap(({ id }) => rooms.get(id)?.nextAt ?? []))
    else if (freeSlots < 1 && !one.isFork) isFull = true
    else {
      for (const { id } of one.limits) if (free.has(id)) free.set(id, free.get(id)! - 1)
      if (!one.isFork) freeSlots -= 1
      if (one.isForWorkers) left -= 1
      pids.add(one.pid)
    }
  }
  return { pids, isFull, nextAt: times.reduce<number | undefined>((a, b) => Math.min(a ?? b, b), undefined) }
}

/** Higher priorities first. They come in the order of age. */
function inTurn(waiting: readonly Known[], served: Room['served']): readonly Known[] {
  const byPriority = [...Map.groupBy(waiting, ({ priority }) => priority)].toSorted(([a], [b]) => b - a)
  return byPriority.flatMap(([, some]) => (some.some(({ hasKey }) => hasKey) ? [...roundRobin(some, served)] : some))
}

/** One of each group in turn, beginning with the group that was served longest ago. */
function* roundRobin(waiting: readonly Known[], served: Room['served']): Generator<Known> {
  const groups = [...Map.groupBy(waiting, ({ group }) => group)]
    .toSorted(([a], [b]) => (served.get(a) ?? 0) - (served.get(b) ?? 0))
    .map(([, some]) => some)
  for (let round = 0; ; round++) {
    const some = groups.flatMap(group => group[round] ?? [])
    if (some.length === 0) return
    yield* some
  }
}
