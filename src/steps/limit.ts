import { check, checkFlag, checkFunction, checkOptions, integerFrom, mustBe } from '../record/check.ts'
import { toMs } from '../record/duration.ts'
import type { Json } from '../record/record.ts'
import { limitId, type LimitRecord } from '../record/limit.ts'

/**
 * How many processes of a definition may be under way at a time, or begin within a time, on all
 * hosts of the store together.
 * @example { concurrency: 2, key: ({ input }) => input.tenant }
 * @example { rate: '100/1m' }
 */
export interface LimitOptions<Input = any> {
  /** The most processes that may have begun and not ended. */
  concurrency?: number | undefined
  /** The most processes that may begin within any window of that length: `'100/1m'`. */
  rate?: `${number}/${string}` | undefined
  /** The limit counts for each key by itself. Keys are served in turn. */
  key?: ((process: { readonly input: Input }) => string | number) | undefined
  /** Definitions whose limits have the same name share one. Default: the name of the definition. */
  name?: string | undefined
  /**
   * Whether a process that sleeps or is interrupted keeps its place. With `false`, others may begin
   * meanwhile, and it waits for a place before it goes on. Default true.
   */
  whileWaiting?: boolean | undefined
}

/** A limit with its options checked. */
export interface PlannedLimit {
  readonly name: string | undefined
  readonly places: number
  readonly perMs?: number
  readonly key: LimitOptions['key']
  readonly whileWaiting: boolean
}

/**
 * In milliseconds. A process begins its work a little after its place of a rate was claimed. So a
 * place is free again this much later, and no window has more beginnings than allowed.
 */
const LATE_MS = 100

const RATE = /^([1-9]\d{0,8})\/(.+)$/

function checkRate(rate: unknown, what: string): { readonly places: number; readonly perMs: number } {
  const [, places, per] = (typeof rate === 'string' && RATE.exec(rate)) || []
  const rule = "a number of processes per duration, such as '100/1m'"
  if (per === undefined) throw mustBe(what, rule, rate)
  try {
    const perMs = toMs(per, what)
    if (perMs > 0) return { places: Number(places), perMs: perMs + LATE_MS }
  } catch {
    // Said below.
  }
  throw mustBe(what, rule, rate)
}

const CHECKS = {
  concurrency: integerFrom(1),
  rate: checkRate,
  key: checkFunction<NonNullable<LimitOptions['key']>>,
  name: check<string>(
    'a string of 1 to 200 characters',
    name => typeof name === 'string' && name.length > 0 && name.length <= 200,
  ),
  whileWaiting: checkFlag,
}

/** @throws TypeError */
export function planLimits(options: unknown, what: string): readonly PlannedLimit[] {
  return (Array.isArray(options) ? (options as readonly unknown[]) : [options]).flatMap(given => {
    const { concurrency, rate, key, name, whileWaiting = true } = checkOptions(given, what, CHECKS, what)
    if (concurrency === undefined && rate === undefined)
      throw mustBe(what, `an object with concurrency or rate, such as { concurrency: 2 }`, given)
    const planned = { name, key, whileWaiting }
    return [
      ...(concurrency === undefined ? [] : [{ ...planned, places: concurrency }]),
      ...(rate === undefined ? [] : [{ ...planned, ...rate }]),
    ]
  })
}

interface Limited {
  readonly name: string
  readonly limits?: readonly PlannedLimit[]
}

/** Limits without a name have that of their definition, with their position if there are several. */
const namesOf = ({ name, limits = [] }: Limited): readonly string[] =>
  limits.map((limit, index) => limit.name ?? (index === 0 ? name : `${name}-${index + 1}`))

/**
 * The limits of a process with this input, as its first record has them.
 *
 * @throws TypeError if a key is neither a string nor a number, and what the user's function throws
 */
export function limitsOf(plan: Limited, input: Json): readonly LimitRecord[] | undefined {
  if (plan.limits === undefined) return undefined
  const names = namesOf(plan)
  return plan.limits.map(({ places, perMs, key: keyOf }, index) => {
    const limit = names[index]!
    const key = keyOf && checkKey(keyOf({ input }), `key of limit '${limit}' of process '${plan.name}'`)
    return {
      id: limitId(limit, perMs, key),
      limit,
      ...(key !== undefined && { key }),
      places,
      ...(perMs !== undefined && { perMs }),
    }
  })
}

function checkKey(key: unknown, what: string): string {
  if (typeof key === 'string' || Number.isFinite(key)) return String(key)
  throw mustBe(what, 'a string or a number', key)
}

/** The limits of a process with as many places as its definition gives them now. */
export function currentLimits(limits: readonly LimitRecord[], plan: Limited): readonly LimitRecord[] {
  const names = namesOf(plan)
  return limits.map(limit => {
    const planned = plan.limits?.find(({ perMs }, index) => names[index] === limit.limit && perMs === limit.perMs)
    return planned === undefined ? limit : { ...limit, places: planned.places }
  })
}

/** Those whose places a process gives up while it sleeps or is interrupted. */
export function vacatedLimits(limits: readonly LimitRecord[], plan: Limited): readonly LimitRecord[] {
  const names = namesOf(plan)
  return limits.filter(({ limit, perMs }) =>
    plan.limits?.some((planned, index) => names[index] === limit && perMs === undefined && !planned.whileWaiting),
  )
}
