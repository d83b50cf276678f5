import { isOfOneJournal } from '../../journal/failures.ts'
import { unknownProcess } from '../failures.ts'
import { createLoopYield } from '../loop-yield.ts'
import { isPid } from '../../record/pid.ts'
import { matches } from '../query.ts'
import { identityOf, isFinal } from '../../record/record.ts'
import type { ProcessRecord } from '../../record/record.ts'
import type { StoredProcess } from '../../record/host.ts'
import type { CorruptJournal, ListQuery } from '../store.ts'
import type { Database } from './database.ts'
import { isHostId } from '../hosts/host-id.ts'
import { Connection } from './connection.ts'
import { pidsOf } from './list.ts'
import { CommitWatcher } from './commit-watcher.ts'
import { readNewest, readSince } from './records.ts'

/** Reads what hosts write, in any Node process, without asking them. */
export class Reader extends Connection {
  readonly watcher: CommitWatcher

  constructor(db: Database) {
    const watcher = new CommitWatcher(db)
    super(db, () => watcher.committed())
    this.watcher = watcher
  }

  async get(pid: string): Promise<StoredProcess | undefined> {
    if (!isPid(pid)) return undefined
    const found = await this.db.read(() => readNewest(this.db, pid))
    return found && this.#withHost(found.record, found.owner)
  }

  async *list(query: ListQuery = {}, onCorrupt?: (journal: CorruptJournal) => void): AsyncGenerator<StoredProcess> {
    const yieldLoop = createLoopYield()
    for await (const pid of pidsOf(this.db, query)) {
      await yieldLoop()
      let found: StoredProcess | undefined
      try {
        found = await this.get(pid)
      } catch (error) {
        if (!isOfOneJournal(error)) throw error
        onCorrupt?.({ pid, error })
      }
      if (found !== undefined && matches(query, found.record)) yield found
    }
  }

  async *follow(pid: string, signal: AbortSignal): AsyncGenerator<StoredProcess> {
    const { db, watcher } = this
    let last: ProcessRecord | undefined
    while (!signal.aborted) {
      const { seen, found } = await db.read(() => ({
        seen: watcher.now(),
        found: isPid(pid) ? readNewest(db, pid) : undefined,
      }))
      if (found === undefined) throw unknownProcess(pid, db.file)
      if (last === undefined || found.record.revision > last.revision) {
        // Up to the record that was read together with its owner.
        const news = last === undefined ? [found.record] : await this.#between(found.id, last, found.record)
        for (const record of news) {
          if (signal.aborted) return
          yield await this.#withHost(record, found.owner)
          if (isFinal(record.status)) return
        }
        last = found.record
      }
      await watcher.changed(seen, signal)
    }
  }

  async #between(id: number, after: ProcessRecord, last: ProcessRecord): Promise<ProcessRecord[]> {
    // A submission may have been completed meanwhile.
    const records = await this.db.read(() => readSince(this.db, id, { ...after, ...identityOf(last) }))
    return records.filter(({ revision }) => revision <= last.revision)
  }

  async #withHost(record: ProcessRecord, owner: string | null): Promise<StoredProcess> {
    return isHostId(owner) && !isFinal(record.status) ? { record, host: await this.hosts.owner(owner) } : { record }
  }
}
