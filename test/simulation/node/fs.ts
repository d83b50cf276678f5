import constants from 'node:constants'
import { EventEmitter } from 'node:events'
import type { Stat } from '../kernel/kernel.ts'
import { call, kernel, toError } from './kernel.ts'

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants
const BOOT_ID = '/proc/sys/kernel/random/boot_id'
const FLAGS: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  'r+': O_RDWR,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_EXCL,
  a: O_WRONLY | O_CREAT | O_APPEND,
}

export class Stats {
  readonly ino: number
  readonly size: number
  readonly nlink: number
  readonly uid = 1000
  readonly dev = 1
  readonly mode: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly #kind: Stat['kind']

  constructor({ ino, size, nlink, mtimeMs, ctimeMs, kind }: Stat) {
    this.ino = ino
    this.size = size
    this.nlink = nlink
    this.mtimeMs = mtimeMs
    this.ctimeMs = ctimeMs
    this.#kind = kind
    this.mode = kind === 'folder' ? 0o40700 : 0o100600
  }

  isDirectory(): boolean {
    return this.#kind === 'folder'
  }

  isFile(): boolean {
    return this.#kind === 'file'
  }

  isSocket(): boolean {
    return this.#kind === 'socket'
  }

  isFIFO(): boolean {
    return false
  }

  isSymbolicLink(): boolean {
    return false
  }
}

export { constants }

export const openSync = (path: string, flags: number | string, _mode?: number): number =>
  call('open', kernel => kernel.open(path, typeof flags === 'string' ? FLAGS[flags]! : flags))

export const closeSync = (fd: number): void => call('close', kernel => kernel.close(fd))

export const readSync = (fd: number, buffer: Buffer, offset: number, length: number, position: number): number =>
  call('read', kernel => kernel.read(fd, buffer, offset, length, position))

export const writeSync = (fd: number, buffer: Buffer, offset = 0, length = buffer.length - offset): number =>
  call('write', kernel => kernel.write(fd, buffer.subarray(offset, offset + length)))

export const fstatSync = (fd: number): Stats => call('fstat', kernel => new Stats(kernel.fstat(fd)))

export const ftruncateSync = (fd: number, length: number): void =>
  call('ftruncate', kernel => kernel.truncate(fd, length))

export function statSync(path: string, options?: { throwIfNoEntry?: boolean }): Stats | undefined {
  const stat = call('stat', kernel => kernel.stat(path))
  if (stat !== undefined) return new Stats(stat)
  if (options?.throwIfNoEntry === false) return undefined
  throw toError('stat', { code: 'ENOENT', message: `ENOENT: ${path}` })
}

export const lstatSync = statSync

export const renameSync = (from: string, to: string): void => call('rename', kernel => kernel.rename(from, to))

export const linkSync = (existing: string, path: string): void => call('link', kernel => kernel.link(existing, path))

export const unlinkSync = (path: string): void => call('unlink', kernel => kernel.unlink(path))

export const utimesSync = (path: string, _accessedS: number, modifiedS: number): void =>
  call('utimes', kernel => kernel.touch(path, modifiedS * 1000))

export function mkdirSync(path: string, { recursive = false }: { recursive?: boolean } = {}): void {
  if (!recursive) return call('mkdir', kernel => kernel.mkdir(path))
  const names = path.split('/').filter(Boolean)
  for (let count = 1; count <= names.length; count++) {
    try {
      call('mkdir', kernel => kernel.mkdir(`/${names.slice(0, count).join('/')}`))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

export const rmdirSync = (path: string): void => call('rmdir', kernel => kernel.rmdir(path))

export const readdirSync = (path: string): string[] => call('readdir', kernel => kernel.list(path))

export const statfsSync = (_path: string): { type: number } => ({ type: 0xef53 })

export const existsSync = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** Of the network that a process is in. */
export const readlinkSync = (_path: string): string => `net:[${kernel().network}]`

export function readFileSync(path: string, encoding?: 'utf8'): string | Buffer {
  if (path === BOOT_ID) return 'simulated'
  const fd = openSync(path, O_RDONLY)
  try {
    const bytes = Buffer.alloc(fstatSync(fd).size)
    readSync(fd, bytes, 0, bytes.length, 0)
    return encoding === undefined ? bytes : bytes.toString(encoding)
  } finally {
    closeSync(fd)
  }
}

export function fsync(fd: number, callback: (error: Error | null) => void): void {
  const done = (code?: string): void => callback(code === undefined ? null : toError('fsync', { code, message: code }))
  try {
    kernel().sync(fd, done)
  } catch (error) {
    kernel().io(() => callback(toError('fsync', error)))
  }
}

export const fdatasync = fsync

class FSWatcher extends EventEmitter {
  readonly #end: () => void

  constructor(path: string, listener: () => void) {
    super()
    this.on('change', listener)
    this.#end = call('watch', kernel => kernel.watch(path, () => this.emit('change')))
  }

  close(): void {
    this.#end()
  }
}

export const watch = (path: string, _options: object, listener: () => void): FSWatcher => new FSWatcher(path, listener)

export default {
  Stats,
  constants,
  openSync,
  closeSync,
  readSync,
  writeSync,
  fstatSync,
  ftruncateSync,
  statSync,
  lstatSync,
  renameSync,
  linkSync,
  unlinkSync,
  utimesSync,
  mkdirSync,
  rmdirSync,
  readdirSync,
  statfsSync,
  existsSync,
  readlinkSync,
  readFileSync,
  fsync,
  fdatasync,
  watch,
}
