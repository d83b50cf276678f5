import { FileBytes, linesOf } from '../../journal/file-bytes.ts'
import { ifThere, makeFolder, openToRead, writeAtomically } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { Journal } from '../../journal/journal.ts'
import { parseLogEntry } from '../../journal/line.ts'
import { hourOf, isPid } from '../../record/pid.ts'
import type { LogEntry } from '../../record/record.ts'
import type { StoredProcess } from '../../record/host.ts'
import { unknownProcess } from '../failures.ts'
import type { Directory } from './directory.ts'
import { placeOf } from './locate.ts'

/** A log longer than this loses its older half. In bytes. */
const MAX_LOG_BYTES = 1024 * 1024
const POLL_MS = 50

export function appendLog({ files, paths }: Directory, pid: string, entry: LogEntry): void {
  const file = paths.log(pid)
  const journal = new Journal<LogEntry>(file, { files })
  try {
    journal.append(entry)
  } catch (error) {
    if (files.statSync(file, { throwIfNoEntry: false }) !== undefined) throw error
    makeFolder(files, paths.logFolder(hourOf(pid)))
    journal.append(entry)
  } finally {
    journal.close()
  }
  if (journal.length <= MAX_LOG_BYTES) return
  const lines = linesIn(files, file)
  writeAtomically(
    files,
    file,
    lines
      .slice(lines.length / 2)
      .map(line => `${line}\n`)
      .join(''),
  )
}

/**
 * Yields every entry, then later ones as long as `changes` of the process come. In a log that was
 * cut meanwhile it goes on after the last line it saw.
 */
export async function* readLogs(
  directory: Directory,
  pid: string,
  changes: AsyncGenerator<StoredProcess> | undefined,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  const { files, paths } = directory
  if (!isPid(pid) || placeOf(directory, pid) === undefined) throw unknownProcess(pid, paths.root)
  let last: string | undefined
  const news = function* (): Generator<LogEntry> {
    const lines = linesIn(files, paths.log(pid))
    for (const line of lines.slice(last === undefined ? 0 : lines.lastIndexOf(last) + 1)) {
      last = line
      const entry = parseLogEntry(line)
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
  // A failure is thrown once the log has been read to its end.
  end.catch(() => {})
  for (;;) {
    const isLast = ended
    yield* news()
    if (isLast || signal.aborted) break
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  await end
}

function linesIn(files: Files, file: string): string[] {
  const fd = ifThere(() => openToRead(files, file))
  if (fd === undefined) return []
  try {
    const bytes = new FileBytes(files, fd)
    return [...linesOf(bytes.slice(0, bytes.size))]
  } finally {
    files.closeSync(fd)
  }
}
