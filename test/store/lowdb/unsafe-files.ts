import fs from 'node:fs'
import path from 'node:path'
import type { Files } from '../../../src/journal/files.ts'

const { O_CREAT } = fs.constants

/**
 * `node:fs`, knowing what the loss of power would take away: names, and what was written, that no
 * sync has made safe yet.
 */
export function unsafeFiles() {
  const paths = new Map<number, string>()
  /** Folders with new names, and files with new content. */
  const unsafe = new Set<string>()
  let failing = (_path: string): boolean => false
  const named = (file: string): void => void unsafe.add(path.dirname(file))
  const sync = (call: 'fsync' | 'fdatasync') => (fd: number, callback: (error: Error | null) => void) => {
    const file = paths.get(fd) ?? ''
    if (failing(file)) return void setImmediate(callback, Object.assign(new Error('EIO: injected'), { code: 'EIO' }))
    fs[call](fd, error => {
      if (error === null) unsafe.delete(file)
      callback(error)
    })
  }
  const files: Files = {
    ...fs,
    openSync(file, flags, mode) {
      const isNew = (flags & O_CREAT) !== 0 && !fs.existsSync(file)
      const fd = fs.openSync(file, flags, mode)
      paths.set(fd, file)
      if (isNew) named(file)
      return fd
    },
    writeSync(fd, buffer, offset, length) {
      unsafe.add(paths.get(fd) ?? '')
      return fs.writeSync(fd, buffer, offset, length)
    },
    renameSync(from, to) {
      fs.renameSync(from, to)
      if (unsafe.delete(from)) unsafe.add(to)
      named(to)
    },
    linkSync(existing, link) {
      fs.linkSync(existing, link)
      named(link)
    },
    unlinkSync(file) {
      fs.unlinkSync(file)
      unsafe.delete(file)
    },
    mkdirSync(folder, options) {
      const made = fs.mkdirSync(folder, options)
      if (made !== undefined) named(folder)
      return made
    },
    fsync: sync('fsync'),
    fdatasync: sync('fdatasync'),
  }
  return {
    files,
    /** Below `dir`, relative. */
    unsafeIn: (dir: string): string[] => [...unsafe].map(file => path.relative(dir, file)).toSorted(),
    /** Syncs of which `isHit` says yes fail from now on. */
    fail(isHit: (path: string) => boolean): void {
      failing = isHit
    },
  }
}
