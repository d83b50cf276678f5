import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { FileBytes, lastLine } from '../../src/journal/file-bytes.ts'
import type { Files } from '../../src/journal/files.ts'
import { tempDir } from '../store/helpers.ts'

for (const [what, length] of [
  ['nothing', 0],
  ['a little', 10],
  ['exactly a chunk', 64 * 1024],
  ['more than a chunk', 200_000],
] as const) {
  test(`a file of ${what} is read whole from a file system that gives a little at a time`, t => {
    const file = path.join(tempDir(t), 'file')
    const text = `${'x'.repeat(Math.max(0, length - 5))}\nend\n`.slice(-length || Infinity)
    fs.writeFileSync(file, length === 0 ? '' : text)
    const fd = fs.openSync(file, 'r')
    const files = {
      ...fs,
      readSync: (fd: number, buffer: Buffer, offset: number, count: number, at: number) =>
        fs.readSync(fd, buffer, offset, Math.min(count, 7_001), at),
    } as unknown as Files
    const bytes = new FileBytes(files, fd)
    t.is(bytes.size, length)
    t.is(bytes.slice(0, length).toString(), length === 0 ? '' : text)
    t.is(lastLine(bytes), length === 0 ? undefined : 'end')
    fs.closeSync(fd)
  })
}
