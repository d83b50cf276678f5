import { constants } from 'node:os'
import type { InspectionEvent, Observer } from 'xstate'
import { ORIGIN_CHECKS } from '../client/arguments.ts'
import type { QueueOptions } from '../client/client.ts'
import {
  check,
  checkFlag,
  checkOptions,
  checkServices,
  integerFrom,
  isObject,
  limitFrom,
  mustBe,
  oneOf,
  type Check,
} from '../record/check.ts'
import { toMs, type Duration } from '../record/duration.ts'
import type { ProcessDefinition } from '../record/definition.ts'
import type { Store } from '../store/store.ts'
import { storeAt } from '../client/store-at.ts'
import { checkLogger, warningLogger, type Logger } from './logger.ts'

/** What XState calls with each event of an actor. */
export type Inspection = ((event: InspectionEvent) => void) | Observer<InspectionEvent>

/**
 * Options of `createRuntime`, which also takes `services`, with the type that the definitions
 * declare.
 */
export interface RuntimeOptions {
  /**
   * The definitions that this host knows. Several versions of one name may be given; the last one
   * serves new starts.
   */
  processes: readonly ProcessDefinition[]
  /** A store, or the path of one, as for `openClient`. Default '.stepwright'. */
  store?: Store | string | undefined
  /** How many processes run at a time. Processes that wait do not count. Default 100. */
  concurrency?: number | undefined
  /**
   * Whether to also take processes that clients submitted, as slots are free. A worker keeps Node
   * alive until it is closed or has done its work. Default false.
   */
  worker?: boolean | WorkerOptions | undefined
  /**
   * Whether to start processes whose definitions have a schedule, and to keep Node alive for that.
   * However many hosts do, one process starts per tick. Default true.
   */
  schedules?: boolean | undefined
  /**
   * What to do with processes of dead hosts: continue them, end them in `error` (ERR_HOST_DIED), or
   * leave them. Default 'resume'.
   */
  recover?: 'resume' | 'fail' | false | undefined
  /**
   * How many deaths of hosts in a row one step survives. The next one ends the process in `error`
   * (ERR_HOST_DIED). Default 3.
   */
  maxRecoveries?: number | undefined
  /**
   * How long after its creation an ended process is kept, though never less than an hour after its
   * end. `false` keeps it forever. Default '10h'.
   */
  retention?: Duration | false | undefined
  /**
   * Signals on which to close before the Node process exits, such as `['SIGTERM', 'SIGINT']`. A
   * second signal does not wait. Default: none. An application with handlers of its own calls
   * `close`.
   */
  closeOn?: readonly NodeJS.Signals[] | undefined
  /**
   * Receives what the runtime does: a pino logger, for example. Default: problems become warnings
   * of Node, and nothing else is logged.
   */
  logger?: Logger | undefined
  /**
   * Receives every event of every actor, as XState's own option does: an `inspector()`, for
   * example.
   */
  inspect?: Inspection | { readonly inspect: Inspection } | undefined
}

/** How much a worker does: see `Runtime.idle`. */
export interface WorkerOptions {
  /** Take this many submitted processes, and no more. Default: no limit. */
  readonly maxProcesses?: number | undefined
  /**
   * Whether to wait for more submissions. With `false`, the worker is done when nothing is left
   * that it may take. Default true.
   */
  readonly wait?: boolean | undefined
}

const OPEN = 'createRuntime()'

function checkWorker(worker: unknown, what: string): Required<WorkerOptions> | undefined {
  if (worker === false) return undefined
  const checks = { maxProcesses: limitFrom(1), wait: checkFlag }
  const { maxProcesses = Infinity, wait = true } = checkOptions(worker === true ? {} : worker, what, checks, what)
  return { maxProcesses, wait }
}

const checkObserver = check<Inspection>(
  'an inspector, a function or an observer',
  inspect => typeof inspect === 'function' || (isObject(inspect) && typeof inspect['next'] === 'function'),
)

const checkInspect: Check<Inspection> = (given, what) =>
  checkObserver(isObject(given) && 'inspect' in given ? given['inspect'] : given, what)

const CHECKS = {
  processes: check<readonly ProcessDefinition[]>('an array of definitions', Array.isArray),
  store: check<string | Store>(
    `a path or a store such as lowdbStore('.stepwright')`,
    store => typeof store === 'string' || (isObject(store) && typeof store['openHost'] === 'function'),
  ),
  services: checkServices,
  concurrency: integerFrom(1),
  worker: checkWorker,
  schedules: checkFlag,
  recover: oneOf('resume', 'fail', false),
  maxRecoveries: integerFrom(0),
  retention: (value: unknown, what: string): number | false => (value === false ? false : toMs(value, what)),
  closeOn: check<readonly NodeJS.Signals[]>(
    `an array of names of signals, such as ['SIGTERM']`,
    names => Array.isArray(names) && names.every(name => typeof name === 'string' && name in constants.signals),
  ),
  logger: checkLogger,
  inspect: checkInspect,
}

/** @throws TypeError */
export function checkRuntimeOptions(options: RuntimeOptions & { services?: unknown }) {
  const {
    processes,
    store = '.stepwright',
    retention = toMs('10h', 'retention'),
    ...given
  } = checkOptions(options, OPEN, CHECKS)
  if (processes === undefined) throw mustBe(`processes of ${OPEN}`, 'an array of definitions', processes)
  const defaults = {
    services: {},
    concurrency: 100,
    worker: undefined,
    schedules: true,
    recover: 'resume' as const,
    maxRecoveries: 3,
    closeOn: [],
    logger: warningLogger,
    inspect: undefined,
  }
  return {
    ...defaults,
    ...given,
    processes,
    store: typeof store === 'string' ? storeAt(store) : store,
    /** Opened here by its path, so it is closed with the runtime. */
    ownsStore: typeof store === 'string',
    retentionMs: retention,
  }
}

export type CheckedOptions = ReturnType<typeof checkRuntimeOptions>

/** Options of `runtime.start`. */
export interface StartOptions extends QueueOptions {
  /**
   * An idempotency key of at most 1024 characters. The same key always means the same process: a
   * second start returns the first one.
   */
  readonly key?: string | undefined
  /** Replaces the timeout of the definition. */
  readonly timeout?: Duration | undefined
  /** Strings by which to find the process, such as `{ customer: 'ada' }`. At most 16 KiB. */
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** Options of `runtime.startMany`, of all processes. */
export type StartManyOptions = Omit<StartOptions, 'key'>

/** Options of `runtime.close`. */
export interface CloseOptions {
  /** How long to wait for the steps under way. Default '10s'. */
  readonly within?: Duration | undefined
}

/** @throws TypeError */
export const checkCloseOptions = (options: CloseOptions): number =>
  checkOptions(options, 'close()', { within: toMs }).within ?? toMs('10s', 'within')

/** @throws TypeError */
export function checkStartMany(inputs: unknown, options: StartManyOptions) {
  if (!Array.isArray(inputs)) throw mustBe('inputs of startMany()', 'an array', inputs)
  const { key: _key, ...checks } = ORIGIN_CHECKS
  const { timeout, ...origin } = checkOptions(options, 'startMany()', { ...checks, timeout: toMs })
  return { ...origin, ...(timeout !== undefined && { timeoutMs: timeout }) }
}

/** @throws TypeError */
export function checkStartOptions(options: StartOptions) {
  const { timeout, ...origin } = checkOptions(options, 'start()', { ...ORIGIN_CHECKS, timeout: toMs })
  return { ...origin, ...(timeout !== undefined && { timeoutMs: timeout }) }
}
