import fs from 'node:fs'
import { Hosts } from '../hosts/hosts.ts'
import { Commits } from './commits.ts'
import type { Database } from './database.ts'
import { socketFolder } from './hosts.ts'
import { TableDocuments } from './table-documents.ts'

/** A connection to a store's database: what everything that works on it shares. */
export class Connection {
  readonly db: Database
  readonly commits: Commits
  readonly documents: TableDocuments
  readonly hosts: Hosts

  /** @param committed called after each commit of this connection */
  constructor(db: Database, committed: () => void) {
    this.db = db
    this.commits = new Commits(db, committed)
    this.documents = new TableDocuments(db, this.commits)
    this.hosts = new Hosts(this.documents, fs, socketFolder(db.file))
  }
}
