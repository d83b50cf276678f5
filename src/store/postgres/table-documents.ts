import { show } from '../../record/show.ts'
import { isDocumentName } from '../documents.ts'
import type { Collection, Documents, StoredDocument } from '../documents.ts'
import type { Connection } from './connection.ts'

interface Row {
  readonly name: string
  readonly document: string
}

/** Documents in one table. */
export class TableDocuments implements Documents {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async list(collection: Collection, isWanted: (name: string) => boolean = () => true): Promise<StoredDocument[]> {
    const names = await this.#connection.ask<{ name: string }>(
      'SELECT name FROM documents WHERE collection = $1 ORDER BY name',
      [collection],
    )
    const wanted = names.map(({ name }) => name).filter(name => isDocumentName(name) && isWanted(name))
    if (wanted.length === 0) return []
    const sql = 'SELECT name, document FROM documents WHERE collection = $1 AND name = ANY($2::text[]) ORDER BY name'
    return (await this.#connection.ask<Row>(sql, [collection, wanted])).map(row => this.#stored(collection, row))
  }

  async get(collection: Collection, name: string): Promise<StoredDocument | undefined> {
    const sql = 'SELECT name, document FROM documents WHERE collection = $1 AND name = $2'
    const [row] = isDocumentName(name) ? await this.#connection.ask<Row>(sql, [collection, name]) : []
    return row && this.#stored(collection, row)
  }

  async put(collection: Collection, name: string, json: string): Promise<void> {
    if (!isDocumentName(name)) throw new TypeError(`A document of a store cannot be called ${show(name)}`)
    const sql = `INSERT INTO documents (collection, name, document) VALUES ($1, $2, $3)
      ON CONFLICT (collection, name) DO UPDATE SET document = excluded.document`
    await this.#connection.transaction(ask => ask(sql, [collection, name, json]))
  }

  async delete(collection: Collection, name: string): Promise<boolean> {
    if (!isDocumentName(name)) return false
    const sql = 'DELETE FROM documents WHERE collection = $1 AND name = $2 RETURNING 1'
    return (await this.#connection.transaction(ask => ask(sql, [collection, name]))).length > 0
  }

  #stored(collection: Collection, { name, document }: Row): StoredDocument {
    return { name, place: `${this.#connection.place.location} (${collection}, ${name})`, content: document }
  }
}
