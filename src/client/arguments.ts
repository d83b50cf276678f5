import {
  check,
  checkFlag,
  checkFunction,
  checkKey,
  checkLabels,
  checkOptions,
  checkSignal,
  checkText,
  isObject,
  limitFrom,
  mustBe,
} from '../record/check.ts'
import { toMs } from '../record/duration.ts'
import { PROCESS_STATUSES, type ProcessStatus } from '../record/record.ts'
import type { CorruptJournal } from '../store/store.ts'
import type {
  BulkOptions,
  CancelAllOptions,
  ForkOptions,
  ListOptions,
  ProceedOptions,
  SendOptions,
  SubmitOptions,
  WaitOptions,
  WatchAllOptions,
} from './client.ts'

/** @throws TypeError */
export const checkPid = (pid: unknown): string => checkText(pid, 'pid')

/** @throws TypeError */
export const checkWait = (options: WaitOptions, method: string): AbortSignal | undefined =>
  checkOptions(options, method, { signal: checkSignal }).signal

export const checkName = check<string>(
  `the name of a definition, like 'import-dump'`,
  name => typeof name === 'string' && /^[a-z0-9][a-z0-9-]{0,63}$/.test(name),
)

const checkDate = check<Date>('a valid Date', value => value instanceof Date && !Number.isNaN(value.getTime()))

/** In milliseconds, or a date. */
const checkDelay = (delay: unknown, what: string): number | Date =>
  delay instanceof Date ? checkDate(delay, what) : toMs(delay, what)

const checkPriority = check<number>(
  'an integer from -100 to 100',
  value => Number.isInteger(value) && Math.abs(value as number) <= 100,
)

/** Options that `start` and `submit` share. */
export const ORIGIN_CHECKS = { key: checkKey, labels: checkLabels, delay: checkDelay, priority: checkPriority }

/** @throws TypeError */
export function checkSubmit(name: unknown, options: SubmitOptions) {
  return { name: checkName(name, 'name of submit()'), ...checkOptions(options, 'submit()', ORIGIN_CHECKS) }
}

/** @throws TypeError */
export function checkSubmissions(processes: unknown) {
  if (!Array.isArray(processes)) throw mustBe('processes of submitMany()', 'an array', processes)
  const checks = { name: checkName, input: (input: unknown) => input, ...ORIGIN_CHECKS }
  return processes.map((process: unknown, index) => {
    const { name, ...checked } = checkOptions(process, `process ${index} of submitMany()`, checks)
    return { ...checked, name: checkName(name, `name of process ${index} of submitMany()`) }
  })
}

/** @throws TypeError */
export const checkFork = (options: ForkOptions): ForkOptions =>
  checkOptions(options, 'fork()', { from: checkText, fresh: checkFlag, failed: checkFlag })

/**
 * An event for a user's machine. XState's own events are refused too.
 * @throws TypeError
 */
export function checkEvent(event: unknown): { readonly type: string } {
  const type = isObject(event) ? event['type'] : undefined
  if (typeof type === 'string' && !type.startsWith('xstate.')) return event as { readonly type: string }
  throw mustBe('event of send()', `an object with a type such as { type: 'APPROVE' }`, event)
}

/** @throws TypeError */
export function checkSend(options: Partial<SendOptions>): { wait: boolean; signal?: AbortSignal } {
  const { wait = false, signal } = checkOptions(options, 'send()', { wait: checkFlag, signal: checkSignal })
  return { wait, ...(signal && { signal }) }
}

/** @throws TypeError */
export const checkReason = (reason: unknown): string | undefined =>
  reason === undefined ? undefined : checkText(reason, 'reason of cancel()')

/** @throws TypeError */
export const checkProceed = (options: ProceedOptions) => checkOptions(options, 'proceed()', { name: checkText })

/** @throws TypeError */
export const checkLimit = (limit: unknown, method: string): number => limitFrom(0)(limit, `limit of ${method}`)

function checkStatuses(status: unknown, what: string): readonly ProcessStatus[] {
  const statuses = Array.isArray(status) ? status : [status]
  const strange: unknown = statuses.find(one => !PROCESS_STATUSES.includes(one as ProcessStatus))
  if (strange === undefined && !statuses.includes(undefined)) return statuses as ProcessStatus[]
  throw mustBe(what, `one or several of ${PROCESS_STATUSES.join(', ')}`, strange)
}

const QUERY_CHECKS = { name: checkText, labels: checkLabels }

/** What `list` and the bulk methods share. */
const SELECTION_CHECKS = {
  ...QUERY_CHECKS,
  status: checkStatuses,
  since: checkDate,
  before: checkDate,
  error: checkText,
}

/**
 * @param possible the statuses that the method can do something to
 * @throws TypeError
 */
export function checkBulk(query: unknown, method: string, possible: readonly ProcessStatus[], usual = possible) {
  const { status = usual, ...selection } = checkOptions(query, method, SELECTION_CHECKS, `query of ${method}`)
  const strange = status.find(one => !possible.includes(one))
  if (strange !== undefined) throw mustBe(`status of ${method}`, `one or several of ${possible.join(', ')}`, strange)
  return { ...selection, status }
}

/** @throws TypeError */
export const checkBulkOptions = (options: BulkOptions, method: string) =>
  checkOptions(options, method, { dryRun: checkFlag, signal: checkSignal })

/** @throws TypeError */
export const checkCancelAll = (options: CancelAllOptions) =>
  checkOptions(options, 'cancelAll()', { dryRun: checkFlag, signal: checkSignal, reason: checkText, now: checkFlag })

/** @throws TypeError */
export function checkWatchAll(options: WatchAllOptions) {
  const checkFilter = (filter: unknown, what: string) => checkOptions(filter, what, QUERY_CHECKS, what)
  const { filter = {}, signal } = checkOptions(options, 'watchAll()', { filter: checkFilter, signal: checkSignal })
  return { query: filter, signal }
}

/** @throws TypeError */
export function checkList(options: ListOptions) {
  const {
    limit = Infinity,
    onCorrupt,
    ...selection
  } = checkOptions(options, 'list()', {
    ...SELECTION_CHECKS,
    retried: checkFlag,
    limit: limitFrom(0),
    onCorrupt: checkFunction<(journal: CorruptJournal) => void>,
  })
  return { selection, limit, onCorrupt }
}
