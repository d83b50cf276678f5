import type { Disk, Inode } from './disk.ts'
import { Failure } from './failure.ts'
import type { Process } from './process.ts'

/** What a process is told of a connection of its. */
export interface Ends {
  onConnect(): void
  onData(text: string): void
  /** The other end hung up; with a code, not in order. */
  onClose(code?: string): void
}

export interface Connection {
  send(text: string): void
  close(): void
}

class End implements Connection {
  readonly life: Process
  readonly #sockets: Sockets
  other: End | undefined
  ends: Ends | undefined
  /** What came before anybody accepted the connection. */
  readonly early: string[] = []
  isOpen = true

  constructor(sockets: Sockets, life: Process) {
    this.#sockets = sockets
    this.life = life
  }

  send(text: string): void {
    const { other } = this
    if (!this.isOpen || other === undefined || !other.isOpen) return
    if (other.ends === undefined) other.early.push(text)
    else other.tell(ends => ends.onData(text))
  }

  close(code?: string): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#sockets.ends.delete(this)
    const { other } = this
    if (other?.isOpen) other.tell(ends => other.hangUp(ends, code))
  }

  hangUp(ends: Ends, code?: string): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#sockets.ends.delete(this)
    ends.onClose(code)
  }

  tell(what: (ends: Ends) => void): void {
    this.life.io(() => {
      if (this.isOpen && this.ends) what(this.ends)
    })
  }
}

interface Listener {
  readonly life: Process
  readonly waiting: End[]
  onConnection(connection: Connection): Ends
}

/** Connections that wait to be accepted: one that nobody accepts is full soon. */
const BACKLOG = 3

/** Linux has names of sockets that are no files. */
const isAbstract = (path: string): boolean => path.startsWith('\0')

const nameIn = ({ network }: Process, path: string): string => `${network} ${path.slice(1)}`

/**
 * Sockets with names in the file system. The kernel closes those of a process that dies; the name
 * stays.
 */
export class Sockets {
  readonly #disk: Disk
  /** By the file of a socket, or by a name that is none and the network it is known in. */
  readonly #listeners = new Map<Inode | string, Listener>()
  readonly ends = new Set<End>()

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** @returns a function that stops it */
  listen(life: Process, path: string, onConnection: Listener['onConnection']): () => void {
    const place = isAbstract(path) ? nameIn(life, path) : this.#create(path)
    if (this.#listeners.has(place)) throw new Failure('EADDRINUSE', path)
    this.#listeners.set(place, { life, waiting: [], onConnection })
    return () => {
      this.#stop(place)
      // As libuv does, whoever has this name by now.
      if (!isAbstract(path) && this.#disk.find(path)) this.#disk.unlink(path)
    }
  }

  #create(path: string): Inode {
    if (this.#disk.find(path) !== undefined) throw new Failure('EADDRINUSE', path)
    return this.#disk.create(path, 'socket')
  }

  connect(life: Process, path: string, ends: Ends): Connection {
    const listener = this.#listeners.get(isAbstract(path) ? nameIn(life, path) : this.#disk.get(path))
    if (listener === undefined) throw new Failure('ECONNREFUSED', path)
    if (listener.waiting.length >= BACKLOG) throw new Failure('EAGAIN', path)
    const near = new End(this, life)
    const far = new End(this, listener.life)
    near.ends = ends
    near.other = far
    far.other = near
    this.ends.add(near).add(far)
    near.tell(({ onConnect }) => onConnect())
    listener.waiting.push(far)
    listener.life.io(() => {
      const accepted = listener.waiting.shift()
      if (!accepted?.isOpen) return
      accepted.ends = listener.onConnection(accepted)
      for (const text of accepted.early.splice(0)) accepted.tell(({ onData }) => onData(text))
    })
    return near
  }

  closeAllOf(life: Process): void {
    for (const end of this.ends) if (end.life === life) end.close(end.ends === undefined ? 'ECONNRESET' : undefined)
    for (const [place, listener] of this.#listeners) if (listener.life === life) this.#stop(place)
  }

  #stop(place: Inode | string): void {
    const listener = this.#listeners.get(place)
    this.#listeners.delete(place)
    for (const end of listener?.waiting ?? []) end.close('ECONNRESET')
  }
}
