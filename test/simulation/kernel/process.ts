import type { Inode } from './disk.ts'

/** What of a process of the operating system the rest of the system has to know. */
export interface Process {
  readonly name: string
  readonly pid: number
  readonly isDead: boolean
  /** Of containers each has its own. */
  readonly network: number
  /** The hosts it has opened. */
  readonly hostIds: ReadonlySet<string>
  /** Calls back once something has come back from a disk or another process. */
  io(callback: () => void): void
  /** A file was written, cut, moved or removed. */
  noticeChange(inode: Inode): void
  kill(): void
}
