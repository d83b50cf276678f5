import { isMissing } from '../../errors.ts'
import { writeFailed } from '../../journal/failures.ts'
import { makeFolder, readText, removeFile } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { show } from '../../record/show.ts'
import { isDocumentName } from '../documents.ts'
import type { Collection, Documents, StoredDocument } from '../documents.ts'
import { createLoopYield } from '../loop-yield.ts'
import { documentsIn } from './paths.ts'
import type { Paths } from './paths.ts'
import { writeSafely } from './power.ts'
import type { Durability } from './power.ts'

/** Documents in a folder per collection: a file each, made whole by a rename. */
export class FolderDocuments implements Documents {
  readonly #files: Files
  readonly #paths: Paths
  readonly #durability: Durability

  constructor(files: Files, paths: Paths, durability: Durability) {
    this.#files = files
    this.#paths = paths
    this.#durability = durability
  }

  async list(collection: Collection, isWanted: (name: string) => boolean = () => true): Promise<StoredDocument[]> {
    const yieldLoop = createLoopYield()
    const found: StoredDocument[] = []
    for (const name of documentsIn(this.#files, this.#paths.collection(collection)).filter(isWanted).toSorted()) {
      await yieldLoop()
      const document = this.#read(collection, name)
      if (document !== undefined) found.push(document)
    }
    return found
  }

  async get(collection: Collection, name: string): Promise<StoredDocument | undefined> {
    return isDocumentName(name) ? this.#read(collection, name) : undefined
  }

  async put(collection: Collection, name: string, json: string): Promise<void> {
    if (!isDocumentName(name)) throw new TypeError(`A document of a store cannot be called ${show(name)}`)
    const folder = this.#paths.collection(collection)
    const file = this.#paths.document(collection, name)
    try {
      makeFolder(this.#files, folder)
      await writeSafely(this.#files, this.#durability, file, `${json}\n`)
      await this.#durability.folders(folder, this.#paths.root)
    } catch (error) {
      throw writeFailed(file, error)
    }
  }

  async delete(collection: Collection, name: string): Promise<boolean> {
    if (!isDocumentName(name)) return false
    const file = this.#paths.document(collection, name)
    try {
      if (this.#isFolder(file) || !removeFile(this.#files, file)) return false
      await this.#durability.folders(this.#paths.collection(collection))
      return true
    } catch (error) {
      throw writeFailed(file, error)
    }
  }

  /** A folder in the place of a document is somebody else's: it stays. */
  #isFolder(file: string): boolean {
    return this.#files.statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false
  }

  #read(collection: Collection, name: string): StoredDocument | undefined {
    const place = this.#paths.document(collection, name)
    try {
      return { name, place, content: readText(this.#files, place) }
    } catch (error) {
      return isMissing(error) ? undefined : { name, place, content: error as Error }
    }
  }
}
