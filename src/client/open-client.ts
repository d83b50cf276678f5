import { StepwrightError } from '../errors.ts'
import { toHistoryEntry, toInfo, type ProcessInfo } from '../store/info.ts'
import { lowdbStore } from '../store/lowdb-store.ts'
import { isFinal, PROCESS_STATUSES } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import type { Client, ListOptions, WaitOptions } from './client.ts'
import { outcome } from './outcome.ts'

/**
 * Opens a store for reading, in any Node process. Nothing is touched before the first call.
 *
 * @param store the directory of a `lowdbStore`, or a store
 * @example
 * const client = openClient('.stepwright')
 * console.log(await client.get(pid))
 * await client.close()
 */
export function openClient(store: string | Store = '.stepwright'): Client {
  if (typeof store === 'string') return new StoreClient(lowdbStore(store))
  if (typeof store?.get !== 'function')
    throw new TypeError(`openClient(store): expected a directory or a store, received ${store === null ? 'null' : typeof store}`)
  return new StoreClient(store)
}

const unknown = (pid: string, store: Store): StepwrightError =>
  new StepwrightError('ERR_UNKNOWN_PROCESS', `There is no process ${JSON.stringify(pid)} in the store ${store.location}`)

class StoreClient implements Client {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async get(pid: string): Promise<ProcessInfo | undefined> {
    const found = await this.#store.get(mustBePid(pid))
    return found && toInfo(found)
  }

  async *list(options: ListOptions = {}): AsyncGenerator<ProcessInfo> {
    const { status, name, labels, limit = Infinity, onCorrupt } = options
    const statuses = status === undefined ? undefined : typeof status === 'string' ? [status] : status
    const strange = statuses?.find(one => !PROCESS_STATUSES.includes(one))
    if (strange !== undefined) throw new TypeError(`list({ status }): ${JSON.stringify(strange)} is none of ${PROCESS_STATUSES.join(', ')}`)
    if (!(limit >= 0)) throw new TypeError(`list({ limit }): expected a number from 0, received ${String(limit)}`)
    let left = limit
    if (left < 1) return
    for await (const stored of this.#store.list({ status: statuses, name, labels }, onCorrupt)) {
      yield toInfo(stored)
      if (--left < 1) return
    }
  }

  async *watch(pid: string, { signal }: WaitOptions = {}): AsyncGenerator<ProcessInfo> {
    for await (const stored of this.#store.follow(mustBePid(pid), signal)) yield toInfo(stored)
    signal?.throwIfAborted()
  }

  async result(pid: string, { signal }: WaitOptions = {}): Promise<never> {
    for await (const { record } of this.#store.follow(mustBePid(pid), signal)) if (isFinal(record.status)) return outcome(record) as never
    signal?.throwIfAborted()
    throw unknown(pid, this.#store)
  }

  async history(pid: string): ReturnType<Client['history']> {
    const records = await this.#store.history(mustBePid(pid))
    if (!records) throw unknown(pid, this.#store)
    return records.map(toHistoryEntry)
  }

  async delete(pid: string): Promise<void> {
    await this.#store.delete(mustBePid(pid))
  }

  async find(prefix: string, limit = 2): Promise<string[]> {
    return this.#store.find(mustBePid(prefix), limit)
  }

  async close(): Promise<void> {
    await this.#store.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function mustBePid(pid: unknown): string {
  if (typeof pid !== 'string') throw new TypeError(`Expected a pid (a string), received ${pid === null ? 'null' : typeof pid}`)
  return pid
}
