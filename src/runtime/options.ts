import { constants } from 'node:os'
import type { InspectionEvent, Observer } from 'xstate'
import { checkOptions as checkKeys } from '../record/check.ts'
import { toMs, type Duration } from '../record/duration.ts'
import type { ProcessDefinition } from '../record/definition.ts'
import { show } from '../record/show.ts'
import type { Store } from '../store/store.ts'
import { storeAt } from '../client/store-at.ts'
import { checkLogger, type Logger } from './logger.ts'

/** What XState calls with each event of an actor. */
export type Inspection = ((event: InspectionEvent) => void) | Observer<InspectionEvent>

/** What a runtime runs, where, and how much at once. `services` is typed by the definitions: see `createRuntime`. */
export interface RuntimeOptions {
  /** The definitions this host knows. Several versions of a name may be given; the last one serves new starts by name. */
  processes: readonly ProcessDefinition[]
  /** A store, or the path of one as `openClient` takes it. Default: '.stepwright'. */
  store?: Store | string | undefined
  /** How many processes run at once; those that wait take no slot. Default 100. */
  concurrency?: number | undefined
  /** Also take processes that clients submitted, as slots are free. A worker keeps Node alive until it is closed, or has done its work. Default false. */
  worker?: boolean | WorkerOptions | undefined
  /** Start the processes whose definitions have a schedule, and keep Node alive for it. Of any number of hosts that do, one starts each. Default true. */
  schedules?: boolean | undefined
  /** What to do with processes of dead hosts: go on, end them in `error` (ERR_HOST_DIED), or leave them. Default 'resume'. */
  recover?: 'resume' | 'fail' | false | undefined
  /** Deaths in a row during the same step after which a process ends in `error` (ERR_HOST_DIED). Default 3. */
  maxRecoveries?: number | undefined
  /** How long after its creation an ended process is kept, though never less than an hour after its end; `false`: for ever. Default '10h'. */
  retention?: Duration | false | undefined
  /**
   * Signals at which to close before the Node process goes down, `['SIGTERM', 'SIGINT']` for example. A second one does not wait.
   * Default: none; an app that has handlers of its own calls `close`.
   */
  closeOn?: readonly NodeJS.Signals[] | undefined
  /** Where the runtime tells what it does, a pino logger for example. Default: silent but for problems, which are Node's warnings. */
  logger?: Logger | undefined
  /** Told every event of every actor, as XState's own option is: an `inspector()`, for example. */
  inspect?: Inspection | { readonly inspect: Inspection } | undefined
}

/** When a worker has done its work. */
export interface WorkerOptions {
  /** Take so many, and no more. Default: no limit. */
  readonly maxProcesses?: number | undefined
  /** Wait for more to be submitted; otherwise it has done its work once nothing is left that it may take. Default true. */
  readonly wait?: boolean | undefined
}

export interface CheckedOptions {
  readonly logger: Logger
  readonly schedules: boolean
  readonly worker: Required<WorkerOptions> | undefined
  readonly store: Store
  /** Opened here by its path, so it is closed with the runtime. */
  readonly ownsStore: boolean
  readonly concurrency: number
  readonly recover: 'resume' | 'fail' | false
  readonly maxRecoveries: number
  readonly retentionMs: number | false
  readonly closeOn: readonly NodeJS.Signals[]
  readonly inspect: Inspection | undefined
  readonly services: object
}

const KNOWN = new Set([
  'processes',
  'store',
  'services',
  'concurrency',
  'worker',
  'schedules',
  'recover',
  'maxRecoveries',
  'retention',
  'closeOn',
  'logger',
  'inspect',
])

export function checkOptions(options: RuntimeOptions & { services?: unknown }): CheckedOptions {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`createRuntime(options): expected an object, received ${show(options)}`)
  const strange = Object.keys(options).find(key => !KNOWN.has(key))
  if (strange !== undefined) throw new TypeError(`createRuntime: unknown option '${strange}'. Known are ${[...KNOWN].join(', ')}`)
  const {
    processes,
    store = '.stepwright',
    services = {},
    concurrency = 100,
    recover = 'resume',
    maxRecoveries = 3,
    schedules = true,
    retention = '10h',
    closeOn = [],
  } = options
  if (!Array.isArray(processes))
    throw new TypeError(`createRuntime({ processes }): expected an array of definitions, received ${show(processes)}`)
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new TypeError(`createRuntime({ concurrency }): expected an integer from 1, received ${show(concurrency)}`)
  if (!['resume', 'fail', false].includes(recover))
    throw new TypeError(`createRuntime({ recover }): expected 'resume', 'fail' or false, received ${show(recover)}`)
  if (!Number.isInteger(maxRecoveries) || maxRecoveries < 0)
    throw new TypeError(`createRuntime({ maxRecoveries }): expected an integer from 0, received ${show(maxRecoveries)}`)
  if (typeof services !== 'object' || services === null)
    throw new TypeError(`createRuntime({ services }): expected an object, received ${show(services)}`)
  if (typeof store !== 'string' && typeof store?.openHost !== 'function')
    throw new TypeError(`createRuntime({ store }): expected a path or a store such as lowdbStore('.stepwright'), received ${show(store)}`)
  if (!Array.isArray(closeOn) || closeOn.some(signal => !(signal in constants.signals)))
    throw new TypeError(`createRuntime({ closeOn }): expected names of signals such as ['SIGTERM'], received ${show(closeOn)}`)
  if (typeof schedules !== 'boolean')
    throw new TypeError(`createRuntime({ schedules }): expected true or false, received ${show(schedules)}`)
  const worker = checkWorker(options.worker)
  const retentionMs = retention === false ? false : toMs(retention, 'createRuntime({ retention })')
  return {
    store: typeof store === 'string' ? storeAt(store) : store,
    ownsStore: typeof store === 'string',
    concurrency,
    worker,
    recover,
    maxRecoveries,
    retentionMs,
    closeOn,
    logger: checkLogger(options.logger),
    schedules,
    inspect: checkInspect(options.inspect),
    services,
  }
}

function checkInspect(given: RuntimeOptions['inspect']): Inspection | undefined {
  const inspect = typeof given === 'object' && given !== null && 'inspect' in given ? given.inspect : given
  if (inspect === undefined || typeof inspect === 'function' || typeof inspect?.next === 'function') return inspect
  throw new TypeError(`createRuntime({ inspect }): expected an inspector, a function or an observer, received ${show(given)}`)
}

function checkWorker(worker: RuntimeOptions['worker']): CheckedOptions['worker'] {
  if (worker === undefined || worker === false) return undefined
  const { maxProcesses = Infinity, wait = true } = checkKeys(worker === true ? {} : worker, 'createRuntime({ worker })', [
    'maxProcesses',
    'wait',
  ]) as WorkerOptions
  if (maxProcesses !== Infinity && (!Number.isInteger(maxProcesses) || maxProcesses < 1))
    throw new TypeError(`createRuntime({ worker: { maxProcesses } }): expected an integer from 1, received ${show(maxProcesses)}`)
  if (typeof wait !== 'boolean') throw new TypeError(`createRuntime({ worker: { wait } }): expected true or false, received ${show(wait)}`)
  return { maxProcesses, wait }
}

/** What may be said of one process when it is started. */
export interface StartOptions {
  /** Idempotency key: the same key always means the same process; a second start with it returns the first one. */
  readonly key?: string | undefined
  /** Instead of the definition's. */
  readonly timeout?: Duration | undefined
  /** Facts to find the process by. */
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** How a runtime is closed. */
export interface CloseOptions {
  /** How long steps under way may take to end. Default '10s'. */
  readonly within?: Duration | undefined
}

export function checkCloseOptions(options: CloseOptions): number {
  const { within = '10s' } = checkKeys(options, 'options of close', ['within'])
  return toMs(within, 'close({ within })')
}

const MAX_KEY_LENGTH = 1024
const MAX_LABELS_LENGTH = 16 * 1024

export function checkStartOptions(options: StartOptions): { key?: string; labels?: Record<string, string>; timeoutMs?: number } {
  if (typeof options !== 'object' || options === null) throw new TypeError(`start options: expected an object, received ${show(options)}`)
  const { key, timeout, labels, ...rest } = options
  const [strange] = Object.keys(rest)
  if (strange !== undefined) throw new TypeError(`start: unknown option '${strange}'. Known are key, timeout, labels`)
  if (key !== undefined && (typeof key !== 'string' || key === '' || key.length > MAX_KEY_LENGTH))
    throw new TypeError(`start({ key }): expected a string of 1 to ${MAX_KEY_LENGTH} characters, received ${show(key)}`)
  if (
    labels !== undefined &&
    (typeof labels !== 'object' ||
      labels === null ||
      Array.isArray(labels) ||
      Object.values(labels).some(value => typeof value !== 'string'))
  )
    throw new TypeError(`start({ labels }): expected an object of strings, received ${show(labels)}`)
  if (labels !== undefined && JSON.stringify(labels).length > MAX_LABELS_LENGTH)
    throw new TypeError(
      `start({ labels }): labels are to find a process by, at most ${MAX_LABELS_LENGTH} characters of JSON; data belongs into the input`,
    )
  return {
    ...(key !== undefined && { key }),
    ...(labels !== undefined && { labels: { ...labels } }),
    ...(timeout !== undefined && { timeoutMs: toMs(timeout, 'start({ timeout })') }),
  }
}
