import fs from 'node:fs'
import { FileBytes, linesOf } from '../../journal/file-bytes.ts'
import { ifThere, makeFolder, writeAtomically } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { Journal } from '../../journal/journal.ts'
import { hourOf, isPid } from '../../record/pid.ts'
import type { LogEntry } from '../../record/record.ts'
import type { StoredProcess } from '../../record/host.ts'
import { unknownProcess } from '../failures.ts'
import type { Folders } from './folders.ts'
import { locate } from './locate.ts'

/** A log longer than this loses its older half. In bytes. */
const MAX_LOG_BYTES = 1024 * 1024

export function appendLog(files: Files, folders: Folders, pid: string, entry: LogEntry): void {
  const file = folders.logFile(pid)
  const journal = new Journal<LogEntry>(file, { files })
  try {
    journal.append(entry)
  } catch (error) {
    if (files.statSync(file, { throwIfNoEntry: false }) !== undefined) throw error
    makeFolder(files, `${folders.logs}/${hourOf(pid)}`)
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
 * Every entry, then those that come as long as `changes` of the process do. A log that was cut meanwhile goes on after the last line seen.
 */
export async function* readLogs(
  files: Files,
  folders: Folders,
  pid: string,
  changes: AsyncGenerator<StoredProcess> | undefined,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  const journal = isPid(pid) ? locate(files, folders, pid) : undefined
  if (journal === undefined) throw unknownProcess(pid, folders.root)
  files.closeSync(journal.fd)
  let last: string | undefined
  const news = function* (): Generator<LogEntry> {
    const lines = linesIn(files, folders.logFile(pid))
    for (const line of lines.slice(last === undefined ? 0 : lines.lastIndexOf(last) + 1)) {
      last = line
      const entry = parse(line)
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
  // What goes wrong is told once the log has been read to its end.
  end.catch(() => {})
  for (;;) {
    const isLast = ended
    yield* news()
    if (isLast || signal.aborted) break
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  await end
}

const POLL_MS = 50

function linesIn(files: Files, file: string): string[] {
  const fd = ifThere(() => files.openSync(file, fs.constants.O_RDONLY))
  if (fd === undefined) return []
  try {
    const bytes = new FileBytes(files, fd)
    return [...linesOf(bytes.slice(0, bytes.size))]
  } finally {
    files.closeSync(fd)
  }
}

function parse(line: string): LogEntry | undefined {
  try {
    const entry = JSON.parse(line) as LogEntry
    return typeof entry?.message === 'string' && Number.isFinite(entry.at) ? entry : undefined
  } catch {
    return undefined
  }
}
