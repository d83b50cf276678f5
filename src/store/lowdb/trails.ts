import { FileWasCut, linesOf, readAt } from '../../journal/file-bytes.ts'
import { ifThere, makeFolder, openToRead, writeAtomically } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { Journal } from '../../journal/journal.ts'
import { parseEntry } from '../../journal/line.ts'
import { hourOf, isPid } from '../../record/pid.ts'
import type { Trails } from '../../record/record.ts'
import type { StoredProcess } from '../../record/host.ts'
import { unknownProcess } from '../failures.ts'
import { MAX_TRAIL } from '../limits.ts'
import type { Directory } from './directory.ts'
import { placeOf } from './locate.ts'

const POLL_MS = 50

export function appendTrail<T extends keyof Trails>(
  { files, paths }: Directory,
  trail: T,
  pid: string,
  entries: readonly Trails[T][],
): void {
  const file = paths.trail(trail, pid)
  const journal = new Journal<Trails[T]>(file, { files })
  const append = (): void => journal.appendAll(entries)
  try {
    append()
  } catch (error) {
    if (files.statSync(file, { throwIfNoEntry: false }) !== undefined) throw error
    makeFolder(files, paths.trailFolder(trail, hourOf(pid)))
    append()
  } finally {
    journal.close()
  }
  if (journal.length <= MAX_TRAIL[trail]) return
  const lines = new TrailFile(files, file).news()
  writeAtomically(
    files,
    file,
    lines
      .slice(lines.length / 2)
      .map(line => `${line}\n`)
      .join(''),
  )
}

/** Yields every entry, then later ones as long as `changes` of the process come. */
export async function* readTrail<T extends keyof Trails>(
  directory: Directory,
  trail: T,
  pid: string,
  changes: AsyncGenerator<StoredProcess> | undefined,
  signal: AbortSignal,
): AsyncGenerator<Trails[T]> {
  const { files, paths } = directory
  if (!isPid(pid) || placeOf(directory, pid) === undefined) throw unknownProcess(pid, paths.root)
  const file = new TrailFile(files, paths.trail(trail, pid))
  const news = function* (): Generator<Trails[T]> {
    for (const line of file.news()) {
      const entry = parseEntry(trail, line)
      if (entry) yield entry
    }
  }
  yield* news()
  if (changes === undefined) return
  let ended = false
  const end = (async () => {
    for await (const _ of changes);
  })().finally(() => {
    ended = true
  })
  // A failure is thrown once the entries have been read to their end.
  end.catch(() => {})
  for (;;) {
    const isLast = ended
    yield* news()
    if (isLast || signal.aborted) break
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  await end
}

/** A file of lines that grows at its end, and now and then loses its beginning. */
class TrailFile {
  readonly #files: Files
  readonly #file: string
  /** The newest line that was read, with its newline, and where it ends. */
  #last = Buffer.alloc(0)
  #end = 0

  constructor(files: Files, file: string) {
    this.#files = files
    this.#file = file
  }

  /** The whole lines that have come since the last call. */
  news(): string[] {
    const fd = ifThere(() => openToRead(this.#files, this.#file))
    if (fd === undefined) return []
    try {
      return this.#read(fd)
    } catch (error) {
      if (error instanceof FileWasCut) return []
      throw error
    } finally {
      this.#files.closeSync(fd)
    }
  }

  #read(fd: number): string[] {
    const { size } = this.#files.fstatSync(fd)
    const start = this.#end - this.#last.length
    // Where the newest line was it still is, unless the file has lost its beginning.
    const tail = size < this.#end ? undefined : readAt(this.#files, fd, start, size)
    if (tail?.subarray(0, this.#last.length).equals(this.#last)) return this.#take(tail, this.#last.length, start)
    const bytes = readAt(this.#files, fd, 0, size)
    const found = bytes.lastIndexOf(this.#last)
    return this.#take(bytes, found === -1 ? 0 : found + this.#last.length, 0)
  }

  /** @param offset of `bytes` in the file */
  #take(bytes: Buffer, from: number, offset: number): string[] {
    const end = bytes.lastIndexOf('\n') + 1
    if (end <= from) return []
    this.#last = Buffer.from(bytes.subarray(bytes.lastIndexOf('\n', end - 2) + 1, end))
    this.#end = offset + end
    return [...linesOf(bytes.subarray(from, end))]
  }
}
