import type { Connection, Ends } from './sockets.ts'

export interface Stat {
  readonly ino: number
  readonly kind: 'file' | 'folder' | 'socket'
  readonly size: number
  readonly nlink: number
  readonly mtimeMs: number
  readonly ctimeMs: number
}

/** The calls a process may make of the system: all it knows of the world. */
export interface Kernel {
  readonly pid: number
  readonly hostname: string
  readonly network: number
  /** Epoch milliseconds, as the clock on the wall shows them. */
  wallMs(): number
  monotonicMs(): number
  random(): number
  /** @returns a function that cancels */
  after(ms: number, callback: () => void): () => void
  /** Once what is asked of a disk has come back. */
  io(callback: () => void): void
  open(path: string, flags: number): number
  close(fd: number): void
  read(fd: number, into: Buffer, offset: number, length: number, position: number): number
  write(fd: number, bytes: Buffer): number
  truncate(fd: number, size: number): void
  fstat(fd: number): Stat
  stat(path: string): Stat | undefined
  rename(from: string, to: string): void
  link(existing: string, path: string): void
  unlink(path: string): void
  mkdir(path: string): void
  rmdir(path: string): void
  list(path: string): string[]
  touch(path: string, modifiedMs: number): void
  sync(fd: number, callback: (code?: string) => void): void
  /** @returns a function that ends it */
  watch(path: string, onChange: () => void): () => void
  listen(path: string, onConnection: (connection: Connection) => Ends): () => void
  connect(path: string, ends: Ends): Connection
  /** What the program of this process tells whoever tests it. */
  readonly tell: Tell
}

/** How work and programs are seen from outside. */
export interface Tell {
  begin(pid: string, step: string, attempt: number, item: string): void
  end(pid: string, step: string, attempt: number, item: string): void
  done(order: number, outcome: Outcome): void
  ended(pid: string, outcome: Outcome): void
  seen(pid: string, revision: number, status: string): void
  problem(message: string): void
}

export type Outcome = { readonly value: unknown } | { readonly code: string; readonly message: string }
