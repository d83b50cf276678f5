import { StepwrightError } from '../errors.ts'
import { show } from '../record/show.ts'
import { FINAL_STATUSES, LIVE_STATUSES, type ProcessStatus } from '../record/record.ts'
import type { Collection } from './documents.ts'
import type { CorruptJournal, HostStore, Store } from './store.ts'

/** Processes copied at once, so that a store can commit them together. */
export const BATCH = 50
/** The most pids of processes that a message names. */
const NAMED = 3
/** What is copied besides processes: the rest is of hosts, or they find it out. */
const COLLECTIONS: readonly Collection[] = ['charts', 'commands', 'pauses', 'schedules']

/** Options of `copyStore` and `backupStore`. */
export interface CopyOptions {
  /**
   * Called with each journal that cannot be read. It stays behind, and the copy continues. Without
   * this function the copy ends there.
   */
  readonly onCorrupt?: ((journal: CorruptJournal) => void) | undefined
  /** Called after each batch with how many processes are in the other store by now. */
  readonly onProgress?: ((done: number) => void) | undefined
}

/** Options of `copyStore`. */
export interface CopyStoreOptions extends CopyOptions {
  /**
   * Leaves out what has not ended, and what waits for it, whatever its hosts do meanwhile. Default
   * false.
   */
  readonly endedOnly?: boolean | undefined
}

/**
 * How many processes were copied, and how many were there already, from an earlier copy that was
 * interrupted.
 */
export interface Copied {
  readonly copied: number
  readonly present: number
}

/**
 * Copies every process of a store into another store, with its history, log, stream, labels and
 * key, and charts, schedules, pauses and commands that wait. The first store stays as it is. If a
 * copy is interrupted, run it again: it skips what was copied.
 *
 * Close the hosts of both stores first. What has not ended then goes on with the next host of the
 * other store; let no host open the first one any more, which would go on with it too.
 *
 * @throws ERR_NOT_ENDED if hosts have processes that have not ended, ERR_STORE_MISSING,
 * ERR_STORE_CORRUPT, ERR_STORE_WRITE if a key belongs to another process over there; a TypeError if
 * both are the same
 * @example
 * await copyStore(lowdbStore('.stepwright'), sqliteStore('processes.sqlite'))
 */
export async function copyStore(
  from: Store,
  to: Store,
  { onCorrupt = failAt, onProgress, endedOnly = false }: CopyStoreOptions = {},
): Promise<Copied> {
  refuseSame(from, to)
  if (!endedOnly) await refuseOwned(from)
  const host = await to.openHost()
  try {
    await copyDocuments(from, to, endedOnly ? COLLECTIONS.filter(name => name !== 'commands') : COLLECTIONS)
    let [copied, present] = [0, 0]
    for await (const pids of batches(from, onCorrupt, endedOnly ? FINAL_STATUSES : undefined)) {
      for (const created of await Promise.all(pids.map(pid => copyProcess(from, to, host, pid, onCorrupt)))) {
        if (created === true) copied += 1
        else if (created === false) present += 1
      }
      onProgress?.(copied + present)
    }
    return { copied, present }
  } finally {
    await host.close()
  }
}

/** @throws TypeError */
export function refuseSame(from: Store, to: Store): void {
  if (from === to || (from.location === to.location && from.location.includes('/')))
    throw new TypeError(`A store cannot be copied onto itself: ${show(from.location)}`)
}

export function failAt({ error }: CorruptJournal): never {
  throw error
}

/** Its host may go on with it. */
async function refuseOwned(from: Store): Promise<void> {
  const pids: string[] = []
  for await (const { record, host } of from.list({ status: LIVE_STATUSES }))
    if (host !== undefined && pids.push(record.pid) > NAMED) break
  if (pids.length === 0) return
  const named = [...pids.slice(0, NAMED), ...(pids.length > NAMED ? ['...'] : [])].join(', ')
  throw new StepwrightError(
    'ERR_NOT_ENDED',
    `${from.location} has processes that hosts have in hand (${named}). Close these hosts; a process of a dead one is let go by \`stepwright adopt\`, or by a host that takes it up and closes.`,
  )
}

/** What is there already stays: it is from an earlier copy, or of a host that has gone on since. */
export async function copyDocuments(
  from: Store,
  to: Store,
  collections: readonly Collection[] = COLLECTIONS,
): Promise<void> {
  for (const collection of collections)
    for (const { name, content } of await from.documents.list(collection))
      if (typeof content === 'string' && (await to.documents.get(collection, name)) === undefined)
        await to.documents.put(collection, name, content.trim())
}

async function* batches(
  from: Store,
  onCorrupt: (journal: CorruptJournal) => void,
  status?: readonly ProcessStatus[],
): AsyncGenerator<string[]> {
  let pids: string[] = []
  for await (const { record } of from.list({ status }, onCorrupt)) {
    if (pids.push(record.pid) < BATCH) continue
    yield pids
    pids = []
  }
  yield pids
}

/**
 * @returns whether it is new over there; `undefined` if it could not be read, or was deleted
 * meanwhile
 */
export async function copyProcess(
  from: Store,
  to: Store,
  host: HostStore,
  pid: string,
  onCorrupt: (journal: CorruptJournal) => void,
): Promise<boolean | undefined> {
  const read = await readAll(from, pid, onCorrupt)
  if (read === undefined) return undefined
  const { pid: holder, created } = await host.import(read.history, read.trails)
  if (holder !== pid) {
    throw new StepwrightError(
      'ERR_STORE_WRITE',
      `Process ${pid} of ${from.location} has a key that process ${holder} has in ${to.location}: delete one of the two and try again.`,
    )
  }
  return created
}

async function readAll(from: Store, pid: string, onCorrupt: (journal: CorruptJournal) => void) {
  try {
    const history = await from.history(pid)
    if (history === undefined) return undefined
    const log = await Array.fromAsync(from.trail('log', pid))
    const stream = await Array.fromAsync(from.trail('stream', pid))
    return { history, trails: { log, stream } }
  } catch (error) {
    if (!(error instanceof StepwrightError)) throw error
    if (error.code !== 'ERR_STORE_CORRUPT' && error.code !== 'ERR_STORE_VERSION') {
      if (error.code === 'ERR_UNKNOWN_PROCESS') return undefined
      throw error
    }
    onCorrupt({ pid, error })
    return undefined
  }
}
