import fs from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Random } from '../random.ts'
import { Failure } from './failure.ts'

export interface Inode {
  readonly ino: number
  readonly kind: 'file' | 'folder' | 'socket'
  /** Of a folder. */
  readonly names: Map<string, Inode>
  bytes: Buffer
  size: number
  links: number
  mtimeMs: number
  ctimeMs: number
  /** What of a file is on the disk itself. */
  synced: Buffer
}

/** A change of names that is not on the disk itself yet. */
interface Change {
  readonly folders: readonly Inode[]
  undo(): void
}

const { O_CREAT, O_EXCL, O_TRUNC, O_WRONLY, O_RDWR } = fs.constants
const NOTHING = Buffer.alloc(0)

/**
 * Told of each name of a file that comes or goes; with `isMoving` the one it had before goes at the
 * same moment.
 */
export type OnName = (path: string, inode: Inode, isThere: boolean, isMoving?: boolean) => void

/**
 * A file system in memory, as a journaling one behaves: what is not synced may be lost with the
 * power. Names are lost from the newest change back; of the bytes at the end of a file any part may
 * be missing.
 */
export class Disk {
  readonly #random: Random
  readonly #wallMs: () => number
  readonly #onName: OnName
  #inodes = 0
  #unsynced: Change[] = []
  readonly #files = new Set<Inode>()
  readonly root: Inode

  constructor(random: Random, wallMs: () => number, onName: OnName) {
    this.#random = random
    this.#wallMs = wallMs
    this.#onName = onName
    this.root = this.#make('folder')
  }

  find(path: string): Inode | undefined {
    let inode: Inode | undefined = this.root
    for (const name of path.split('/')) {
      if (name === '') continue
      if (inode.kind !== 'folder') throw new Failure('ENOTDIR', path)
      inode = inode.names.get(name)
      if (inode === undefined) return undefined
    }
    return inode
  }

  get(path: string): Inode {
    const inode = this.find(path)
    if (inode === undefined) throw new Failure('ENOENT', path)
    return inode
  }

  open(path: string, flags: number): Inode {
    const found = this.find(path)
    if (found !== undefined && (flags & O_EXCL) !== 0 && (flags & O_CREAT) !== 0) throw new Failure('EEXIST', path)
    if (found === undefined && (flags & O_CREAT) === 0) throw new Failure('ENOENT', path)
    if (found === undefined) return this.create(path, 'file')
    if (found.kind === 'socket') throw new Failure('ENXIO', path)
    if (found.kind === 'folder' && (flags & (O_WRONLY | O_RDWR)) !== 0) throw new Failure('EISDIR', path)
    if ((flags & O_TRUNC) !== 0) this.truncate(found, 0)
    return found
  }

  create(path: string, kind: Inode['kind']): Inode {
    const folder = this.#folderOf(path)
    if (folder.names.has(basename(path))) throw new Failure('EEXIST', path)
    const inode = this.#make(kind)
    this.#name(folder, path, inode)
    return inode
  }

  link(existing: string, path: string): void {
    const inode = this.get(existing)
    const folder = this.#folderOf(path)
    if (folder.names.has(basename(path))) throw new Failure('EEXIST', path)
    this.#name(folder, path, inode)
  }

  unlink(path: string): void {
    if (this.get(path).kind === 'folder') throw new Failure('EISDIR', path)
    this.#unname(this.#folderOf(path), path)
  }

  rmdir(path: string): void {
    const inode = this.get(path)
    if (inode.kind !== 'folder') throw new Failure('ENOTDIR', path)
    if (inode.names.size > 0) throw new Failure('ENOTEMPTY', path)
    this.#unname(this.#folderOf(path), path)
  }

  rename(from: string, to: string): void {
    const inode = this.get(from)
    const source = this.#folderOf(from)
    const target = this.#folderOf(to)
    const replaced = target.names.get(basename(to))
    // As POSIX wants it: two names of one file stay as they are.
    if (replaced === inode) return
    if (replaced?.kind === 'folder') throw new Failure(inode.kind === 'folder' ? 'ENOTEMPTY' : 'EISDIR', to)
    source.names.delete(basename(from))
    target.names.set(basename(to), inode)
    if (replaced) replaced.links -= 1
    this.#stamp(source, target, inode, ...(replaced ? [replaced] : []))
    this.#unsynced.push({
      folders: [source, target],
      undo: () => {
        source.names.set(basename(from), inode)
        if (replaced) {
          target.names.set(basename(to), replaced)
          replaced.links += 1
        } else target.names.delete(basename(to))
      },
    })
    if (replaced) this.#onName(to, replaced, false, true)
    this.#onName(to, inode, true, true)
    this.#onName(from, inode, false)
  }

  /** Of a folder, in no order: programs must not rely on one. */
  list(path: string): string[] {
    const inode = this.get(path)
    if (inode.kind !== 'folder') throw new Failure('ENOTDIR', path)
    return this.#random.shuffled([...inode.names.keys()])
  }

  read(inode: Inode, into: Buffer, offset: number, length: number, position: number): number {
    if (inode.kind === 'folder') throw new Failure('EISDIR')
    return inode.bytes.copy(into, offset, position, Math.min(inode.size, position + length))
  }

  append(inode: Inode, bytes: Buffer): void {
    const size = inode.size + bytes.length
    if (size > inode.bytes.length) {
      const grown = Buffer.alloc(Math.max(size, 2 * inode.bytes.length, 1024))
      inode.bytes.copy(grown, 0, 0, inode.size)
      inode.bytes = grown
    }
    bytes.copy(inode.bytes, inode.size)
    inode.size = size
    this.#touch(inode)
  }

  truncate(inode: Inode, size: number): void {
    const kept = Buffer.alloc(Math.max(size, inode.bytes.length))
    inode.bytes.copy(kept, 0, 0, Math.min(size, inode.size))
    inode.bytes = kept
    inode.size = size
    this.#touch(inode)
  }

  /**
   * What of a file or a folder is there now will be on the disk itself once the function is called
   * that this returns.
   */
  beginSync(inode: Inode): () => void {
    const bytes = Buffer.from(inode.bytes.subarray(0, inode.size))
    const newest = this.#unsynced.findLast(({ folders }) => folders.includes(inode))
    return () => {
      if (inode.kind === 'file') inode.synced = bytes
      if (newest !== undefined) this.#unsynced.splice(0, this.#unsynced.indexOf(newest) + 1)
    }
  }

  /** Whatever is not synced may be gone. */
  losePower(): void {
    const kept = this.#random.int(0, this.#unsynced.length)
    for (const change of this.#unsynced.splice(kept).toReversed()) change.undo()
    this.#unsynced = []
    for (const file of this.#files) this.#tear(file)
  }

  /** Every name of a file, with its path. */
  *walk(folder = this.root, path = ''): Generator<[string, Inode]> {
    for (const [name, inode] of folder.names) {
      if (inode.kind === 'folder') yield* this.walk(inode, `${path}/${name}`)
      else yield [`${path}/${name}`, inode]
    }
  }

  #tear(file: Inode): void {
    const now = file.bytes.subarray(0, file.size)
    const { synced } = file
    const grew = now.length >= synced.length && now.subarray(0, synced.length).equals(synced)
    const kept = grew ? this.#random.int(synced.length, now.length) : 0
    // The length may be there before the bytes are.
    const hole = grew ? this.#random.int(0, Math.min(64, now.length - kept)) * this.#random.int(0, 1) : 0
    const left = grew
      ? Buffer.concat([now.subarray(0, kept), Buffer.alloc(hole)])
      : Buffer.from(this.#random.chance(0.5) ? now : synced)
    file.bytes = left
    file.size = left.length
    file.synced = Buffer.from(left)
  }

  #folderOf(path: string): Inode {
    const folder = this.get(dirname(path))
    if (folder.kind !== 'folder') throw new Failure('ENOTDIR', path)
    return folder
  }

  #make(kind: Inode['kind']): Inode {
    const at = Math.floor(this.#wallMs())
    const inode: Inode = {
      ino: ++this.#inodes,
      kind,
      names: new Map(),
      bytes: NOTHING,
      size: 0,
      links: kind === 'folder' ? 1 : 0,
      mtimeMs: at,
      ctimeMs: at,
      synced: NOTHING,
    }
    if (kind === 'file') this.#files.add(inode)
    return inode
  }

  #name(folder: Inode, path: string, inode: Inode): void {
    folder.names.set(basename(path), inode)
    inode.links += 1
    this.#stamp(folder, inode)
    this.#unsynced.push({
      folders: [folder],
      undo: () => {
        folder.names.delete(basename(path))
        inode.links -= 1
      },
    })
    this.#onName(path, inode, true)
  }

  #unname(folder: Inode, path: string): void {
    const inode = folder.names.get(basename(path))!
    folder.names.delete(basename(path))
    inode.links -= 1
    this.#stamp(folder, inode)
    this.#unsynced.push({
      folders: [folder],
      undo: () => {
        folder.names.set(basename(path), inode)
        inode.links += 1
      },
    })
    this.#onName(path, inode, false)
  }

  #stamp(...inodes: readonly Inode[]): void {
    const at = this.#wallMs()
    for (const inode of inodes) {
      inode.ctimeMs = at
      if (inode.kind === 'folder') inode.mtimeMs = at
    }
  }

  #touch(inode: Inode): void {
    inode.mtimeMs = inode.ctimeMs = this.#wallMs()
  }
}
