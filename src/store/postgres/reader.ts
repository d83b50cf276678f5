import { isOfOneJournal } from '../../journal/failures.ts'
import type { StoredProcess } from '../../record/host.ts'
import { isPid } from '../../record/pid.ts'
import { identityOf, isFinal } from '../../record/record.ts'
import type { ProcessRecord } from '../../record/record.ts'
import { unknownProcess } from '../failures.ts'
import { matches } from '../query.ts'
import type { CorruptJournal, ListQuery } from '../store.ts'
import { Connection } from './connection.ts'
import { Hosts } from './hosts.ts'
import { pidPages } from './list.ts'
import { Inbox, Notifications } from './notifications.ts'
import type { Place } from './place.ts'
import { readBetween, readRows, recordOf, withHost } from './records.ts'
import type { Row } from './records.ts'
import { TableDocuments } from './table-documents.ts'

/** The death of a host is no change of its processes: who follows one looks now and then. */
const LOOK_MS = 1_000

/** Reads what hosts write, from any machine, without asking them. */
export class Reader {
  readonly place: Place
  readonly connection: Connection
  readonly documents: TableDocuments
  readonly hosts: Hosts
  readonly notifications: Notifications

  constructor(place: Place) {
    this.place = place
    this.connection = new Connection(place)
    this.documents = new TableDocuments(this.connection)
    this.hosts = new Hosts(this.connection, this.documents)
    this.notifications = new Notifications(place)
  }

  async get(pid: string): Promise<StoredProcess | undefined> {
    const [row] = isPid(pid) ? await readRows(this.connection.ask, [pid]) : []
    return row && this.#stored(row)
  }

  async *list(query: ListQuery = {}, onCorrupt?: (journal: CorruptJournal) => void): AsyncGenerator<StoredProcess> {
    const { ask } = this.connection
    for await (const pids of pidPages(ask, query)) {
      const rows = new Map((await readRows(ask, pids)).map(row => [row.pid, row]))
      for (const pid of pids) {
        const row = rows.get(pid)
        let found: StoredProcess | undefined
        try {
          found = row && (await this.#stored(row))
        } catch (error) {
          if (!isOfOneJournal(error)) throw error
          onCorrupt?.({ pid, error })
        }
        if (found !== undefined && matches(query, found.record)) yield found
      }
    }
  }

  async *follow(pid: string, signal: AbortSignal): AsyncGenerator<StoredProcess> {
    const { ask } = this.connection
    const inbox = new Inbox(pid)
    await inbox.open(this.notifications)
    try {
      let last: ProcessRecord | undefined
      let state: string | undefined
      while (!signal.aborted) {
        const [row] = isPid(pid) ? await readRows(ask, [pid]) : []
        if (row === undefined) throw unknownProcess(pid, this.place.location)
        const found = await this.#stored(row)
        const isNew = last === undefined || found.record.revision > last.revision
        if (isNew || found.host?.id + `${found.host?.state}` !== state) {
          for (const record of isNew && last !== undefined
            ? await this.#between(row, last, found.record)
            : [found.record]) {
            if (signal.aborted) return
            yield withHost(record, found.host)
            if (isFinal(record.status)) return
          }
          last = found.record
          state = found.host?.id + `${found.host?.state}`
        }
        await inbox.next(signal, LOOK_MS)
      }
    } finally {
      inbox.close()
    }
  }

  /** The first batch is every pid; each later one those that have changed. */
  async *changes(signal: AbortSignal): AsyncGenerator<string[]> {
    const everyPid = async (): Promise<string[]> =>
      (await this.connection.ask<{ pid: string }>('SELECT pid FROM processes ORDER BY pid DESC')).map(({ pid }) => pid)
    const inbox = new Inbox()
    await inbox.open(this.notifications)
    try {
      yield await everyPid()
      while (!signal.aborted) {
        const heard = await inbox.next(signal)
        if (heard === 'everything') yield await everyPid()
        else if (heard.size > 0) yield [...heard].toSorted().toReversed()
      }
    } finally {
      inbox.close()
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.connection.close(), this.notifications.close()])
  }

  async #stored(row: Row): Promise<StoredProcess> {
    const record = recordOf(this.place, row)
    return withHost(record, isFinal(record.status) ? undefined : await this.hosts.owner(row.owner))
  }

  #between({ id }: Row, before: ProcessRecord, last: ProcessRecord): Promise<ProcessRecord[]> {
    // A submission may have been completed meanwhile.
    return readBetween(this.connection.ask, this.place, id, { ...before, ...identityOf(last) }, last.revision)
  }
}
