import { AsyncLocalStorage } from 'node:async_hooks'
import vm from 'node:vm'
import type { Disk, Inode } from './disk.ts'
import { Failure, KILLED } from './failure.ts'
import type { Kernel, Stat, Tell } from './kernel.ts'
import type { Process } from './process.ts'
import type { Actor, Event } from './scheduler.ts'
import type { Connection, Ends } from './sockets.ts'
import type { System } from './system.ts'

const CALL = new vm.Script('__call()')
/**
 * What runs while another process is in the middle of something has nothing of that one's
 * asynchronous context.
 */
const outside = AsyncLocalStorage.snapshot()
const MAX_FDS = 256

interface Descriptor {
  readonly inode: Inode
  readonly path: string
}

/** The realm a process's code lives in. Used by one process after the other. */
export interface Realm {
  readonly context: vm.Context & { __call?: () => void }
  kernel: Kernel | undefined
}

/** One process of the operating system, from its start to its death. */
export class Life implements Actor, Kernel, Process {
  readonly name: string
  readonly pid: number
  readonly network: number
  readonly realm: Realm
  readonly queue: Event[] = []
  readonly tell: Tell
  readonly hostname = 'simulated'
  isDead = false
  isStopped = false
  /** What its clock on the wall is ahead of that of the machine, and how much of each millisecond comes on top. */
  clockIsAheadMs = 0
  drift = 0
  /** It is in the middle of something. */
  isRunning = false
  /** The folders in `active/` that are its hosts'. */
  readonly hostIds = new Set<string>()
  readonly #system: System<Life>
  readonly #fds = new Map<number, Descriptor>()
  readonly #watches = new Set<{ readonly inode: Inode; readonly onChange: () => void }>()

  constructor(
    system: System<Life>,
    { name, pid, network }: Pick<Process, 'name' | 'pid' | 'network'>,
    realm: Realm,
    tell: (life: Life) => Tell,
  ) {
    this.#system = system
    this.name = name
    this.pid = pid
    this.network = network
    this.realm = realm
    this.tell = tell(this)
    realm.kernel = this
  }

  get isHeld(): boolean {
    return this.isDead || this.isStopped || this.isRunning
  }

  run(callback: () => void): void {
    this.isRunning = true
    const { context } = this.realm
    context.__call = callback
    try {
      outside(() => CALL.runInContext(context))
    } catch (error) {
      if (!this.isDead) this.#system.onCrash(this, error)
    } finally {
      this.isRunning = false
    }
  }

  kill(): void {
    if (this.isDead) return
    this.isDead = true
    this.queue.length = 0
    this.#fds.clear()
    this.#watches.clear()
    this.#system.sockets.closeAllOf(this)
  }

  wallMs(): number {
    return Math.floor(this.#system.wallMs() + this.aheadMs)
  }

  /** Of the machine's clock, by now. */
  get aheadMs(): number {
    return this.clockIsAheadMs + this.drift * this.#system.scheduler.nowMs
  }

  monotonicMs(): number {
    return this.#system.scheduler.nowMs
  }

  random(): number {
    return this.#system.random.next()
  }

  after(ms: number, callback: () => void): () => void {
    return this.isDead ? () => {} : this.#system.scheduler.after(this, ms, callback)
  }

  io(callback: () => void): void {
    this.after(this.#system.latencyMs(), callback)
  }

  open(path: string, flags: number): number {
    this.#call('open', path)
    if (this.#fds.size >= MAX_FDS) throw new Failure('EMFILE', path)
    const inode = this.#disk.open(path, flags)
    let fd = 3
    while (this.#fds.has(fd)) fd++
    this.#fds.set(fd, { inode, path })
    return fd
  }

  close(fd: number): void {
    // Also of the dead: what is in their `finally` does no harm.
    if (!this.#fds.delete(fd) && !this.isDead) throw new Failure('EBADF')
  }

  read(fd: number, into: Buffer, offset: number, length: number, position: number): number {
    const { inode, path } = this.#descriptor(fd)
    this.#call('read', path)
    return this.#disk.read(inode, into, offset, length, position)
  }

  write(fd: number, bytes: Buffer): number {
    const { inode, path } = this.#descriptor(fd)
    const count = this.#call('write', path, bytes.length) ?? bytes.length
    if (count > 0) this.#disk.append(inode, bytes.subarray(0, count))
    this.#system.onWrite(this, inode)
    this.#system.onChange(inode)
    if (this.isDead) throw new Failure(KILLED, path)
    return count
  }

  truncate(fd: number, size: number): void {
    const { inode, path } = this.#descriptor(fd)
    this.#call('truncate', path)
    this.#disk.truncate(inode, size)
    this.#system.onWrite(this, inode)
    this.#system.onChange(inode)
  }

  fstat(fd: number): Stat {
    const { inode, path } = this.#descriptor(fd)
    this.#call('stat', path)
    return statOf(inode)
  }

  stat(path: string): Stat | undefined {
    this.#call('stat', path)
    const inode = this.#disk.find(path)
    return inode && statOf(inode)
  }

  rename(from: string, to: string): void {
    this.#call('rename', from)
    this.#disk.rename(from, to)
    this.#system.onChange(this.#disk.get(to))
  }

  link(existing: string, path: string): void {
    this.#call('link', path)
    this.#disk.link(existing, path)
  }

  unlink(path: string): void {
    this.#call('unlink', path)
    const inode = this.#disk.get(path)
    this.#disk.unlink(path)
    this.#system.onChange(inode)
  }

  mkdir(path: string): void {
    this.#call('mkdir', path)
    this.#disk.create(path, 'folder')
  }

  rmdir(path: string): void {
    this.#call('rmdir', path)
    this.#disk.rmdir(path)
  }

  list(path: string): string[] {
    this.#call('list', path)
    return this.#disk.list(path)
  }

  touch(path: string, modifiedMs: number): void {
    this.#call('utimes', path)
    this.#disk.get(path).mtimeMs = modifiedMs
  }

  sync(fd: number, callback: (code?: string) => void): void {
    const { inode, path } = this.#descriptor(fd)
    const commit = this.#disk.beginSync(inode)
    this.io(() => {
      const code = this.#system.faults.ofSync(path)
      if (code === undefined) commit()
      callback(code)
    })
  }

  watch(path: string, onChange: () => void): () => void {
    this.#call('watch', path)
    const watch = { inode: this.#disk.get(path), onChange }
    this.#watches.add(watch)
    return () => this.#watches.delete(watch)
  }

  /** A file was written, cut, moved or removed. Whoever watches it hears of that sometimes. */
  noticeChange(inode: Inode): void {
    for (const watch of this.#watches)
      if (watch.inode === inode && this.#system.random.chance(0.7))
        this.io(() => this.#watches.has(watch) && watch.onChange())
  }

  listen(path: string, onConnection: (connection: Connection) => Ends): () => void {
    this.#call('listen', path)
    const stop = this.#system.sockets.listen(this, path, onConnection)
    const host = /\/(h[0-9a-z]+)\.sock$/.exec(path)?.[1]
    if (host !== undefined) this.hostIds.add(host)
    return () => {
      if (!this.isDead) stop()
    }
  }

  connect(path: string, ends: Ends): Connection {
    this.#call('connect', path)
    const connection = this.#system.sockets.connect(this, path, ends)
    return {
      send: text => void (this.isDead || connection.send(text)),
      close: () => void (this.isDead || connection.close()),
    }
  }

  get #disk(): Disk {
    return this.#system.disk
  }

  #descriptor(fd: number): Descriptor {
    const descriptor = this.#fds.get(fd)
    if (descriptor === undefined) throw new Failure(this.isDead ? KILLED : 'EBADF')
    return descriptor
  }

  /**
   * Every call is a moment at which others may run, this process may die, or the disk may fail.
   * Returns how much of a write is done.
   */
  #call(call: string, path: string, bytes?: number): number | undefined {
    if (this.isDead) throw new Failure(KILLED, call)
    this.#system.interrupt(call)
    // It may have been killed meanwhile.
    if (this.isDead) throw new Failure(KILLED, call)
    return this.#system.faults.ofCall(this, call, path, bytes)
  }
}

const statOf = ({ ino, kind, size, links, mtimeMs, ctimeMs }: Inode): Stat => ({
  ino,
  kind,
  size,
  nlink: links,
  mtimeMs,
  ctimeMs,
})
