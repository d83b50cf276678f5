import { inspect } from 'node:util'
import { PROCESS_STATUSES, type ProcessStatus } from '../record/record.ts'
import type { ForkOptions, ListOptions, SubmitOptions, WaitOptions, WatchAllOptions } from './client.ts'

const MAX_SHOWN = 80

/** A received value in one short line; strings are quoted, so that no escape code gets through. */
export function show(value: unknown): string {
  const text = inspect(value, { depth: 0, customInspect: false, breakLength: Infinity, maxStringLength: MAX_SHOWN })
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

/** @throws TypeError */
export function checkPid(pid: unknown): string {
  if (typeof pid === 'string') return pid
  throw new TypeError(`Expected a pid (a string), received ${show(pid)}`)
}

/** A misspelt option would silently do nothing. */
function checkKeys(options: unknown, what: string, keys: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${what}: expected an object with ${keys.join(', ')}, received ${show(options)}`)
  const strange = Object.keys(options).find(key => !keys.includes(key))
  if (strange !== undefined) throw new TypeError(`${what}: unknown option ${show(strange)}. Known are ${keys.join(', ')}`)
}

/** @throws TypeError */
export function checkWait(options: WaitOptions, what: string): AbortSignal | undefined {
  checkKeys(options, what, ['signal'])
  const { signal } = options
  if (signal === undefined || signal instanceof AbortSignal) return signal
  throw new TypeError(`${what}: signal: expected an AbortSignal, received ${show(signal)}`)
}

const MAX_KEY_LENGTH = 1024
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/

/** @throws TypeError */
export function checkSubmit(name: unknown, options: SubmitOptions): string {
  if (typeof name !== 'string' || !NAME.test(name))
    throw new TypeError(`submit(name): expected the name of a definition, like 'import-dump', received ${show(name)}`)
  checkKeys(options, 'submit', ['key', 'labels'])
  const { key, labels } = options
  if (key !== undefined && (typeof key !== 'string' || key === '' || key.length > MAX_KEY_LENGTH))
    throw new TypeError(`submit({ key }): expected a string of 1 to ${MAX_KEY_LENGTH} characters, received ${show(key)}`)
  if (labels !== undefined && !isLabels(labels))
    throw new TypeError(`submit({ labels }): expected an object of strings, received ${show(labels)}`)
  return name
}

/** @throws TypeError */
export function checkFork(options: ForkOptions): string | undefined {
  checkKeys(options, 'fork', ['from'])
  const { from } = options
  if (from === undefined || typeof from === 'string') return from
  throw new TypeError(`fork({ from }): expected the name of a step, received ${show(from)}`)
}

/** @throws TypeError if it is no event, or XState's own */
export function checkEvent(event: unknown): { readonly type: string } {
  const type: unknown = (event as { type?: unknown } | null | undefined)?.type
  if (typeof type === 'string' && !type.startsWith('xstate.')) return event as { readonly type: string }
  throw new TypeError(`send(pid, event): expected an object with a type such as { type: 'APPROVE' }, received ${show(event)}`)
}

/** @throws TypeError */
export function checkReason(reason: unknown): string | undefined {
  if (reason === undefined || typeof reason === 'string') return reason
  throw new TypeError(`cancel(pid, reason): expected a string, received ${show(reason)}`)
}

/** @throws TypeError */
export function checkWatchAll(options: WatchAllOptions) {
  checkKeys(options, 'watchAll', ['filter', 'signal'])
  const { filter = {}, signal } = options
  checkKeys(filter, 'watchAll({ filter })', ['name', 'labels'])
  return { query: checkList(filter).query, signal: checkWait({ signal }, 'watchAll') }
}

/** @throws TypeError */
export function checkLimit(limit: unknown, what: string): number {
  if (limit === Infinity || (Number.isInteger(limit) && (limit as number) >= 0)) return limit as number
  throw new TypeError(`${what}: expected an integer from 0, received ${show(limit)}`)
}

function checkStatuses(status: ListOptions['status']): readonly ProcessStatus[] | undefined {
  if (status === undefined) return undefined
  const statuses: readonly unknown[] = Array.isArray(status) ? status : [status]
  const strange = statuses.find(one => !PROCESS_STATUSES.includes(one as ProcessStatus))
  if (strange === undefined && !statuses.includes(undefined)) return statuses as readonly ProcessStatus[]
  throw new TypeError(`list({ status }): ${show(strange)} is none of ${PROCESS_STATUSES.join(', ')}`)
}

const isLabels = (labels: unknown): boolean =>
  typeof labels === 'object' && labels !== null && !Array.isArray(labels) && Object.values(labels).every(value => typeof value === 'string')

/** @throws TypeError */
export function checkList(options: ListOptions) {
  checkKeys(options, 'list', ['status', 'name', 'labels', 'limit', 'onCorrupt'])
  const { name, labels, limit = Infinity, onCorrupt } = options
  if (name !== undefined && typeof name !== 'string') throw new TypeError(`list({ name }): expected a string, received ${show(name)}`)
  if (labels !== undefined && !isLabels(labels))
    throw new TypeError(`list({ labels }): expected an object of strings, received ${show(labels)}`)
  if (onCorrupt !== undefined && typeof onCorrupt !== 'function')
    throw new TypeError(`list({ onCorrupt }): expected a function, received ${show(onCorrupt)}`)
  return { query: { status: checkStatuses(options.status), name, labels }, limit: checkLimit(limit, 'list({ limit })'), onCorrupt }
}
