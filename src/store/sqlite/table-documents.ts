import { show } from '../../record/show.ts'
import { isDocumentName } from '../documents.ts'
import type { Collection, Documents, StoredDocument } from '../documents.ts'
import type { Commits } from './commits.ts'
import type { Database } from './database.ts'

interface Row {
  readonly name: string
  /** Whatever others have put there may be of any type. */
  readonly document: unknown
}

/** Documents in one table. */
export class TableDocuments implements Documents {
  readonly #db: Database
  readonly #commits: Commits

  constructor(db: Database, commits: Commits) {
    this.#db = db
    this.#commits = commits
  }

  async list(collection: Collection, isWanted: (name: string) => boolean = () => true): Promise<StoredDocument[]> {
    const sql = 'SELECT name, document FROM documents WHERE collection = ? ORDER BY name'
    const rows = await this.#db.read(() => this.#db.all<Row>(sql, collection))
    return rows.filter(({ name }) => isDocumentName(name) && isWanted(name)).map(row => this.#stored(collection, row))
  }

  async get(collection: Collection, name: string): Promise<StoredDocument | undefined> {
    const sql = 'SELECT name, document FROM documents WHERE collection = ? AND name = ?'
    const row = await this.#db.read(() => this.#db.get<Row>(sql, collection, name))
    return row && this.#stored(collection, row)
  }

  async put(collection: Collection, name: string, json: string): Promise<void> {
    if (!isDocumentName(name)) throw new TypeError(`A document of a store cannot be called ${show(name)}`)
    const sql = 'INSERT OR REPLACE INTO documents (collection, name, document) VALUES (?, ?, ?)'
    await this.#commits.add(() => this.#db.run(sql, collection, name, json))
  }

  async delete(collection: Collection, name: string): Promise<boolean> {
    const sql = 'DELETE FROM documents WHERE collection = ? AND name = ?'
    return (await this.#commits.add(() => this.#db.run(sql, collection, name))) > 0
  }

  #stored(collection: Collection, { name, document }: Row): StoredDocument {
    const content = typeof document === 'string' ? document : new Error('it is no text')
    return { name, place: `${this.#db.file} (${collection}, ${name})`, content }
  }
}
