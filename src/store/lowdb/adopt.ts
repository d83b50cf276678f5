import { isMissing, StepwrightError } from '../../errors.ts'
import { FileBytes, firstLine, wholeLength } from '../../journal/file-bytes.ts'
import { ifThere, openToRead, removeFile } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { isOfOneJournal, readFailed, writeFailed } from '../../journal/failures.ts'
import { Nonsense, adoptionsOf, withAdoptions } from '../../journal/line.ts'
import { newestRecord, settled } from '../../journal/reader.ts'
import type { OpenJournal } from '../../journal/reader.ts'
import { hourOf } from '../../record/pid.ts'
import { epochOf, isFinal } from '../../record/record.ts'
import type { ProcessRecord } from '../../record/record.ts'
import { findDead } from '../hosts/find-dead.ts'
import { removeSocket } from '../hosts/socket-path.ts'
import { createLoopYield } from '../loop-yield.ts'
import type { AdoptedProcess, HostStore } from '../store.ts'
import { dropDraft, replace, writeDraft } from './compaction.ts'
import type { Directory } from './directory.ts'
import { keyOf } from './first-line.ts'
import { namesInPieces } from './names.ts'
import { rename, takeJournal } from './take-journal.ts'
import { RELEASED, hostIdsIn, namesIn, ownersIn, pidOfJournal, pidsIn } from './paths.ts'

/** The host that adopts, and what it says of each process. */
interface Adopter {
  readonly hostId: string
  readonly accept: Parameters<HostStore['adopt']>[0]
  readonly skip: NonNullable<Parameters<HostStore['adopt']>[1]>
  readonly holds: Parameters<HostStore['adopt']>[2]
  /**
   * A journal has just come into the host's folder. If the host had one of this process there
   * before, it is another one now.
   */
  readonly onTaken: (pid: string) => void
}

/**
 * See `HostStore.adopt`. Each journal is taken by a rename into the adopter's folder, which lets
 * exactly one host win, and is then copied. A host that only seemed to be dead goes on writing to a
 * file that nobody reads, and finds out by its next write (see `OwnedJournals`).
 */
export async function* adopt(directory: Directory, adopter: Adopter): AsyncGenerator<AdoptedProcess> {
  const { paths } = directory
  const { hostId, skip, holds } = adopter
  const yieldLoop = createLoopYield()
  for (const owner of [...(await abandonedOwners(directory, hostId)), hostId]) {
    const released = owner === RELEASED || owner === hostId
    const names = owner === hostId && holds === undefined ? [] : await namesInPieces(paths.activeFolder(owner))
    for (const name of names) {
      const pid = pidOfJournal(name)
      if (pid === undefined || skip(pid, owner) || (owner === hostId && holds?.(pid))) continue
      await yieldLoop()
      const record = await takeOver(directory, adopter, owner, pid)
      if (record !== undefined) yield { record, released }
    }
    if (!released) await removeIfEmpty(directory, owner)
  }
}

/** The owners whose processes may be adopted. */
async function abandonedOwners({ files, paths, hosts }: Directory, hostId: string): Promise<string[]> {
  const owners = new Set([...ownersIn(files, paths), ...hostIdsIn(files, paths)])
  owners.delete(hostId)
  owners.delete(RELEASED)
  return [RELEASED, ...(await findDead([...owners], owner => hosts.stateOf(owner)))]
}

/**
 * Returns `undefined` if this host does not run the process. A journal that cannot be read stays
 * where it is, and readers report it.
 */
async function takeOver(
  directory: Directory,
  { hostId, accept, onTaken }: Adopter,
  owner: string,
  pid: string,
): Promise<ProcessRecord | undefined> {
  const { files, paths } = directory
  const folder = paths.activeFolder(owner)
  const file = paths.journal(folder, pid)
  const found = await readIfSound(files, file, pid)
  if (found === undefined) return undefined
  if (found !== 'never begun' && !isFinal(found.status) && !accept(found, owner)) return undefined
  try {
    if (found === 'never begun') return void removeFile(files, file)
    if (isFinal(found.status)) return await finishMove(directory, hostId, folder, found)
    if (!takeJournal(directory, owner, pid, paths.activeJournal(hostId, pid))) return undefined
    onTaken(pid)
    return await goOnWithCopy(directory, hostId, pid)
  } catch (error) {
    if (isOfOneJournal(error)) return undefined
    throw error instanceof StepwrightError ? error : writeFailed(file, error)
  }
}

/**
 * Moves a journal whose host died between writing its last line and moving it, perhaps before that
 * line was safe. The places of its process are freed by one host alone: that into whose folder the
 * journal was moved first.
 */
async function finishMove(
  { files, paths, keys, ended, places, durability }: Directory,
  hostId: string,
  left: string,
  { pid, key, status, limits }: ProcessRecord,
): Promise<undefined> {
  if (!isFinal(status)) return
  const folder = limits === undefined ? left : paths.activeFolder(hostId)
  const file = paths.journal(folder, pid)
  if (left !== folder && !rename(files, paths.journal(left, pid), file)) return
  try {
    await durability.file(file)
  } catch (error) {
    // Another host was faster.
    if (isMissing((error as Error).cause)) return
    throw error
  }
  if (limits !== undefined) places.vacate(pid, limits)
  if (key !== undefined) ifThere(() => keys.claim(key, pid, file))
  const made = ifThere(() => ended.add(folder, pid, status))
  if (made !== undefined) await durability.folders(folder, paths.hourFolder(hourOf(pid)), ...made)
}

/**
 * Copies the journal after the rename: its last owner, or a host that ran and released the process
 * since the first read, may have written more. Returns the newest record, or `undefined` if the key
 * is another process's: a host that dies before it claims the key has promised the process to
 * nobody.
 */
async function goOnWithCopy(directory: Directory, hostId: string, pid: string): Promise<ProcessRecord | undefined> {
  const { files, paths, keys, durability } = directory
  const folder = paths.activeFolder(hostId)
  const file = paths.journal(folder, pid)
  const fd = ifThere(() => openToRead(files, file))
  if (fd === undefined) return undefined
  try {
    const { record, bytes } = await settled(file, () => nextEpochOf(new FileBytes(files, fd), { fd, pid, file }))
    const { key, revision } = record
    if (key !== undefined && keys.claim(key, pid, file) !== pid && revision === 1) return void removeFile(files, file)
    const replacement = { pid, key, file, draft: paths.draft(folder, pid) }
    writeDraft(directory, replacement, bytes)
    await durability.file(replacement.draft)
    // Taken meanwhile, from a host that is taken for dead itself.
    if (files.statSync(file, { throwIfNoEntry: false })?.ino !== files.fstatSync(fd).ino) {
      dropDraft(directory, replacement)
      return undefined
    }
    replace(directory, replacement)
    await durability.folders(folder, ...(key === undefined ? [] : [paths.keys]))
    return record
  } catch (error) {
    // This host does not run the process, so it must not keep it: the next one that adopts tries
    // again. If it is gone, another one has it.
    if (!rename(files, file, paths.journal(paths.released, pid))) return undefined
    throw error
  } finally {
    files.closeSync(fd)
  }
}

/**
 * A journal as it goes on in the next epoch: its whole lines, and on the first one the adoptions.
 */
function nextEpochOf(
  bytes: FileBytes,
  journal: OpenJournal,
): { readonly record: ProcessRecord; readonly bytes: Buffer } {
  const head = firstLine(bytes)
  const newest = newestRecord(bytes, journal)
  if (head === undefined || newest === undefined) throw new Nonsense('the first line is not whole')
  const epoch = Math.max(adoptionsOf(head), epochOf(newest)) + 1
  const rest = bytes.slice(Buffer.byteLength(head), wholeLength(bytes))
  return { record: { ...newest, epoch }, bytes: Buffer.concat([Buffer.from(withAdoptions(head, epoch)), rest]) }
}

/** Returns `undefined` if the journal is gone by now, or makes no sense. */
async function readIfSound(
  files: Files,
  file: string,
  pid: string,
): Promise<ProcessRecord | 'never begun' | undefined> {
  try {
    return await readJournal(files, file, pid)
  } catch (error) {
    if (isOfOneJournal(error)) return undefined
    throw error
  }
}

/**
 * Returns `undefined` if the journal is gone by now.
 *
 * @throws ERR_STORE_READ, ERR_STORE_CORRUPT, ERR_STORE_VERSION
 */
async function readJournal(
  files: Files,
  file: string,
  pid: string,
): Promise<ProcessRecord | 'never begun' | undefined> {
  let fd: number | undefined
  try {
    fd = ifThere(() => openToRead(files, file))
    if (fd === undefined) return undefined
    const journal = { fd, pid, file }
    return (await settled(file, () => newestRecord(new FileBytes(files, journal.fd), journal))) ?? 'never begun'
  } catch (error) {
    throw error instanceof StepwrightError ? error : readFailed(file, error)
  } finally {
    if (fd !== undefined) files.closeSync(fd)
  }
}

/** Removes the folder, card and socket of a dead host that owns nothing any more. */
async function removeIfEmpty({ files, paths, keys, hosts, documents }: Directory, hostId: string): Promise<void> {
  const folder = paths.activeFolder(hostId)
  try {
    if (pidsIn(files, folder).length > 0) return
    // These are drafts of compactions that died with the host. A draft that has the key of its
    // journal stays until the adopting host has moved the key.
    for (const name of namesIn(files, folder)) {
      if (!name.startsWith('.')) continue
      const draft = paths.found(folder, name)
      const key = ifThere(() => keyOf(files, draft))
      if (key === undefined || !keys.isOf(key, draft)) removeFile(files, draft)
    }
    ifThere(() => files.rmdirSync(folder))
    await documents.delete('hosts', hostId)
    removeSocket(files, paths.hosts, hostId)
    hosts.forget(hostId)
  } catch (error) {
    // Somebody else has put a file there.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw writeFailed(folder, error)
  }
}
