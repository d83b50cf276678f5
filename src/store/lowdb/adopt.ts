import fs from 'node:fs'
import { StepwrightError } from '../../errors.ts'
import { FileBytes } from '../../journal/file-bytes.ts'
import { ifThere, removeFile } from '../../journal/files.ts'
import type { Files } from '../../journal/files.ts'
import { isOfOneJournal, writeFailed } from '../../journal/failures.ts'
import { newestRecord, settled } from '../../journal/reader.ts'
import { createLoopYield } from '../loop-yield.ts'
import { findDead } from '../hosts/find-dead.ts'
import { isFinal } from '../../record/record.ts'
import type { ProcessRecord } from '../../record/record.ts'
import type { AdoptedProcess } from '../store.ts'
import { RELEASED, hostIdsIn, namesIn, ownersIn, pidsIn } from './folders.ts'
import type { Folders } from './folders.ts'
import type { Hosts } from './hosts.ts'
import type { Keys } from './keys.ts'
import type { EndedMoves } from './moves.ts'
import { keyOf } from './remove.ts'
import { removeSocket } from '../hosts/socket-path.ts'

/** What a host adopts with. */
export interface Adopter {
  readonly hostId: string
  readonly files: Files
  readonly folders: Folders
  readonly hosts: Hosts
  readonly keys: Keys
  readonly moves: EndedMoves
  /** Files that this `accept` said no to: a host that does not know a definition never will, so they are not read again each time. */
  readonly refused: Set<string>
}

/**
 * Takes over what dead hosts and releases left behind, as far as `accept` says yes. Each journal is taken by a rename into the adopter's
 * folder, which lets exactly one host win.
 */
export async function* adopt(adopter: Adopter, accept: (record: ProcessRecord) => boolean): AsyncGenerator<AdoptedProcess> {
  const { files, folders, refused } = adopter
  const yieldLoop = createLoopYield()
  const seen = new Set<string>()
  for (const owner of await abandoned(adopter)) {
    const released = owner === RELEASED
    const folder = folders.activeFolder(owner)
    for (const pid of pidsIn(files, folder)) {
      const file = `${folder}/${pid}.jsonl`
      seen.add(file)
      if (refused.has(file)) continue
      await yieldLoop()
      const record = await takeOver(adopter, folder, pid, accept)
      if (record !== undefined) yield { record, released }
    }
    if (!released) removeHost(adopter, owner)
  }
  for (const file of refused) if (!seen.has(file)) refused.delete(file)
}

/** Whose folders are up for adoption. */
async function abandoned({ hostId, files, folders, hosts }: Adopter): Promise<string[]> {
  const owners = [...new Set([...ownersIn(files, folders), ...hostIdsIn(files, folders)])].filter(
    owner => owner !== hostId && owner !== RELEASED,
  )
  return [RELEASED, ...(await findDead(owners, owner => hosts.stateOf(owner)))]
}

/** `undefined`: not ours to run. A journal that cannot be read stays where it is; readers tell it. */
async function takeOver(
  adopter: Adopter,
  from: string,
  pid: string,
  accept: (record: ProcessRecord) => boolean,
): Promise<ProcessRecord | undefined> {
  const { files, folders, hostId } = adopter
  const file = `${from}/${pid}.jsonl`
  const found = await readJournal(files, file, pid)
  if (found === undefined) return undefined
  if (found !== 'never begun' && !isFinal(found.status) && !accept(found)) return void adopter.refused.add(file)
  try {
    if (found === 'never begun') return void removeFile(files, file)
    if (isFinal(found.status)) return finishMove(adopter, from, found)
    if (!rename(files, file, folders.activeFile(hostId, pid))) return undefined
    return await settle(adopter, pid, found)
  } catch (error) {
    if (isOfOneJournal(error)) return undefined
    throw error instanceof StepwrightError ? error : writeFailed(file, error)
  }
}

/** Its host died between the last line and the move. */
function finishMove({ keys, moves }: Adopter, folder: string, record: ProcessRecord): undefined {
  const { pid, key, status } = record
  if (key !== undefined) ifThere(() => keys.claim(key, pid, `${folder}/${pid}.jsonl`))
  if (isFinal(status)) ifThere(() => moves.move(folder, pid, status))
}

/**
 * What is ours alone now may have changed since it was looked at: another host may have taken it, run it and released it. And its key may
 * be another's: a host that dies before it claims the key has promised the process to nobody.
 */
async function settle({ files, folders, keys, hostId }: Adopter, pid: string, before: ProcessRecord): Promise<ProcessRecord | undefined> {
  const file = folders.activeFile(hostId, pid)
  try {
    const now = await readJournal(files, file, pid)
    const record = now === undefined || now === 'never begun' ? before : now
    const { key, revision } = record
    if (key === undefined || keys.claim(key, pid, file) === pid || revision > 1) return record
    removeFile(files, file)
    return undefined
  } catch (error) {
    // Not handed out, so it must not stay: whoever adopts next tries again.
    rename(files, file, `${folders.released}/${pid}.jsonl`)
    throw error
  }
}

/** `undefined`: gone meanwhile, or not to be understood. */
async function readJournal(files: Files, file: string, pid: string): Promise<ProcessRecord | 'never begun' | undefined> {
  const fd = ifThere(() => files.openSync(file, fs.constants.O_RDONLY))
  if (fd === undefined) return undefined
  try {
    return (await settled(file, () => newestRecord(new FileBytes(files, fd), { fd, pid, file }))) ?? 'never begun'
  } catch (error) {
    if (isOfOneJournal(error)) return undefined
    throw error
  } finally {
    files.closeSync(fd)
  }
}

/** @returns false if another host won */
const rename = (files: Files, from: string, to: string): boolean => ifThere(() => (files.renameSync(from, to), true)) ?? false

/** Once nothing of a dead host is left, neither is the host. */
function removeHost({ files, folders, hosts, keys }: Adopter, hostId: string): void {
  const folder = folders.activeFolder(hostId)
  try {
    if (pidsIn(files, folder).length > 0) return
    // Drafts of compactions that died with it. One that has the key of its journal keeps it until the heir has moved that.
    for (const name of namesIn(files, folder)) {
      const draft = `${folder}/${name}`
      const key = name.startsWith('.') ? ifThere(() => keyOf(files, draft)) : undefined
      if (name.startsWith('.') && (key === undefined || !keys.isOf(key, draft))) removeFile(files, draft)
    }
    ifThere(() => files.rmdirSync(folder))
    removeFile(files, folders.hostFile(hostId))
    removeSocket(files, folders.hosts, hostId)
    hosts.forget(hostId)
  } catch (error) {
    // Somebody else put a file there.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw writeFailed(folder, error)
  }
}
