import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { isMissing } from '../../errors.ts'
import type { Files } from '../../journal/files.ts'
import { readFailed } from '../../journal/failures.ts'
import { hourOf } from '../../record/pid.ts'
import type { FinalStatus } from '../../record/record.ts'

/** The folder in `active/` of journals that were let go in order and wait for a host. */
export const RELEASED = 'released'

const JOURNAL = /^([0-9a-z]{20})\.jsonl$/
const ENDED = /^([0-9a-z]{20})\.(finished|error|timeout|cancelled)\.jsonl$/
const HOUR = /^[0-9a-z]{4}$/
const HOST = /^h[0-9a-z]{11}$/
const HOST_FILE = /^(h[0-9a-z]{11})\.json$/

/** Where a journal is: the folder says who owns it. */
export type Place =
  | { readonly kind: 'pending' }
  | { readonly kind: 'active'; readonly owner: string }
  | { readonly kind: 'ended'; readonly status: FinalStatus }

/** Where what is kept. Builds paths from checked parts, and reads names back; whatever has another name is not ours. */
export class Folders {
  /** Absolute. */
  readonly root: string
  readonly format: string
  readonly hosts: string
  readonly pending: string
  readonly active: string
  readonly released: string
  readonly ended: string
  readonly keys: string
  readonly logs: string
  readonly definitions: string
  readonly inbox: string
  readonly schedules: string

  constructor(dir: string) {
    this.root = resolve(dir)
    this.format = join(this.root, 'store.json')
    this.hosts = join(this.root, 'hosts')
    this.pending = join(this.root, 'pending')
    this.active = join(this.root, 'active')
    this.released = join(this.active, RELEASED)
    this.ended = join(this.root, 'ended')
    this.keys = join(this.root, 'keys')
    this.logs = join(this.root, 'logs')
    this.definitions = join(this.root, 'definitions')
    this.inbox = join(this.root, 'inbox')
    this.schedules = join(this.root, 'schedules')
  }

  pendingFile(pid: string): string {
    return join(this.pending, `${pid}.jsonl`)
  }

  commandFile(pid: string, commandId: string): string {
    return `${this.inbox}/${pid}.${commandId}.json`
  }

  /** @param owner a host's id, or `RELEASED` */
  activeFolder(owner: string): string {
    return join(this.active, owner)
  }

  activeFile(owner: string, pid: string): string {
    return `${this.active}/${owner}/${pid}.jsonl`
  }

  hourFolder(hour: string): string {
    return join(this.ended, hour)
  }

  endedFile(pid: string, status: FinalStatus): string {
    return `${this.ended}/${hourOf(pid)}/${pid}.${status}.jsonl`
  }

  /** A log stays where it is, whoever owns the process. */
  logFile(pid: string): string {
    return `${this.logs}/${hourOf(pid)}/${pid}.jsonl`
  }

  definitionFile({ name, version, shape }: { name: string; version: string; shape: string }): string {
    return join(this.definitions, `${name}@${version}+${shape}.json`)
  }

  hostFile(hostId: string): string {
    return join(this.hosts, `${hostId}.json`)
  }

  /** Keys are any text: only their hash becomes a name. */
  keyFile(key: string): string {
    return join(this.keys, createHash('sha256').update(key).digest('hex'))
  }
}

/** The names in a folder; none if it is not there. */
export function namesIn(files: Files, folder: string): string[] {
  try {
    return files.readdirSync(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw readFailed(folder, error)
  }
}

/** Of the name of a journal in `pending/` or in a folder of `active/`. */
export const pidOfJournal = (name: string): string | undefined => JOURNAL.exec(name)?.[1]

/** The pids of the journals in `pending/` or in a folder of `active/`. */
export const pidsIn = (files: Files, folder: string): string[] => namesIn(files, folder).flatMap(name => pidOfJournal(name) ?? [])

/** Whose folders there are in `active/`: hosts' ids, and `RELEASED`. */
export const ownersIn = (files: Files, folders: Folders): string[] =>
  namesIn(files, folders.active).filter(name => name === RELEASED || HOST.test(name))

export const hostIdsIn = (files: Files, folders: Folders): string[] =>
  namesIn(files, folders.hosts).flatMap(name => HOST_FILE.exec(name)?.[1] ?? [])

/** The hours that have a folder in `ended/`, in no order. */
export const hoursIn = (files: Files, folders: Folders): string[] => namesIn(files, folders.ended).filter(name => HOUR.test(name))

export function parseEndedName(name: string): { readonly pid: string; readonly status: FinalStatus } | undefined {
  const [, pid, status] = ENDED.exec(name) ?? []
  return pid === undefined ? undefined : { pid, status: status as FinalStatus }
}
