import type { Files } from '../../journal/files.ts'
import { Hosts } from '../hosts/hosts.ts'
import { EndedJournals } from './ended-journals.ts'
import { FolderDocuments } from './folder-documents.ts'
import { Keys } from './keys.ts'
import type { Paths } from './paths.ts'
import { Places } from './places.ts'
import type { Durability } from './power.ts'

/** A store's directory: what everything that works in it shares. */
export class Directory {
  readonly files: Files
  readonly paths: Paths
  readonly durability: Durability
  readonly keys: Keys
  readonly ended: EndedJournals
  readonly places: Places
  readonly documents: FolderDocuments
  readonly hosts: Hosts

  constructor(files: Files, paths: Paths, durability: Durability) {
    this.files = files
    this.paths = paths
    this.durability = durability
    this.keys = new Keys(files, paths)
    this.places = new Places(files, paths)
    this.ended = new EndedJournals(files, paths, this.keys)
    this.documents = new FolderDocuments(files, paths, durability)
    this.hosts = new Hosts(this.documents, files, paths.hosts)
  }
}
