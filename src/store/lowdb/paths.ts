import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { isMissing } from '../../errors.ts'
import type { Files } from '../../journal/files.ts'
import { readFailed } from '../../journal/failures.ts'
import { hourOf, isPid } from '../../record/pid.ts'
import { randomWord } from '../../record/random-word.ts'
import { FINAL_STATUSES } from '../../record/record.ts'
import type { FinalStatus, Trails } from '../../record/record.ts'
import { show } from '../../record/show.ts'
import { isDocumentName } from '../documents.ts'
import type { Collection } from '../documents.ts'
import { isHostId } from '../hosts/host-id.ts'
import { isLimitId } from '../../record/limit.ts'

/**
 * The folder in `active/` of journals that a host let go in order and that wait for the next one.
 */
export const RELEASED = 'released'

/** Each has a folder of its own. */
export const TRAILS = ['log', 'stream'] as const

const JOURNAL = /^([0-9a-z]{20})\.jsonl$/
const DRAFT = /^\.([0-9a-z]{20})\.jsonl$/
const ENDED = /^([0-9a-z]{20})\.(finished|error|timeout|cancelled)\.jsonl$/
const HOUR = /^[0-9a-z]{4}$/
const DOCUMENT = /^(.+)\.json$/
/** One name within a folder, which leads nowhere else. */
const SEGMENT = /^(?!\.\.?$)[^/\\\0]{1,255}$/

/** Where a journal is: its folder says who owns it. */
export type Place =
  | { readonly kind: 'pending' }
  | { readonly kind: 'active'; readonly owner: string }
  | { readonly kind: 'ended'; readonly status: FinalStatus }

/** The one way from a folder to what is in it. */
function below(folder: string, name: string): string {
  if (!SEGMENT.test(name)) throw new TypeError(`A name of a file in a store cannot be ${show(name)}`)
  return `${folder}/${name}`
}

function checked<T extends string | number>(is: (text: unknown) => boolean, text: T): T {
  if (!is(text)) throw new TypeError(`A path in a store cannot be made of ${show(text)}`)
  return text
}

const isOwner = (text: unknown): boolean => text === RELEASED || isHostId(text)
const isHour = (text: unknown): boolean => typeof text === 'string' && HOUR.test(text)
const isFinalStatus = (text: unknown): boolean => FINAL_STATUSES.includes(text as FinalStatus)

/**
 * Where each thing in a store is. All paths below a store's directory are made here, of parts that
 * are checked.
 */
export class Paths {
  /** Absolute. */
  readonly root: string
  readonly format: string
  readonly gitignore: string
  readonly hosts: string
  readonly pending: string
  readonly active: string
  readonly released: string
  readonly ended: string
  readonly keys: string
  readonly trails: { readonly [T in keyof Trails]: string }
  readonly limits: string
  readonly lost: string

  constructor(dir: string) {
    this.root = resolve(dir)
    this.format = below(this.root, 'store.json')
    this.gitignore = below(this.root, '.gitignore')
    this.hosts = below(this.root, 'hosts')
    this.pending = below(this.root, 'pending')
    this.active = below(this.root, 'active')
    this.released = below(this.active, RELEASED)
    this.ended = below(this.root, 'ended')
    this.keys = below(this.root, 'keys')
    this.trails = { log: below(this.root, 'logs'), stream: below(this.root, 'streams') }
    this.limits = below(this.root, 'limits')
    this.lost = below(this.root, 'lost+found')
  }

  /** @param owner a host's id, or `RELEASED` */
  activeFolder(owner: string): string {
    return below(this.active, checked(isOwner, owner))
  }

  /** A journal in `pending/` or in a folder of `active/`. */
  journal(folder: string, pid: string): string {
    return below(folder, `${checked(isPid, pid)}.jsonl`)
  }

  /** A draft, which is written before it takes the place of a journal. Readers ignore its name. */
  draft(folder: string, pid: string): string {
    return below(folder, `.${checked(isPid, pid)}.jsonl`)
  }

  activeJournal(owner: string, pid: string): string {
    return this.journal(this.activeFolder(owner), pid)
  }

  hourFolder(hour: string): string {
    return below(this.ended, checked(isHour, hour))
  }

  endedJournal(pid: string, status: FinalStatus): string {
    return below(this.hourFolder(hourOf(pid)), `${checked(isPid, pid)}.${checked(isFinalStatus, status)}.jsonl`)
  }

  /** A name for an ended journal that its caller is about to delete, in the same folder. */
  takenJournal(folder: string, name: string): string {
    return below(folder, `.${name.replace(/^\.|\.[0-9a-z]{11}$/g, '')}.${randomWord()}`)
  }

  trailFolder(trail: keyof Trails, hour: string): string {
    return below(this.trails[trail], checked(isHour, hour))
  }

  /** A log or a stream stays where it is, whoever owns the process. */
  trail(trail: keyof Trails, pid: string): string {
    return below(this.trailFolder(trail, hourOf(pid)), `${checked(isPid, pid)}.jsonl`)
  }

  /** The places of a limit. */
  limit(id: string): string {
    return below(this.limits, checked(isLimitId, id))
  }

  place(id: string, number: number): string {
    return below(this.limit(id), String(checked(Number.isSafeInteger, number)))
  }

  collection(collection: Collection): string {
    return below(this.root, collection)
  }

  document(collection: Collection, name: string): string {
    return below(this.collection(collection), `${checked(isDocumentName, name)}.json`)
  }

  /** Keys are any text: only their hash becomes a name. The slots of a key are numbered from 0. */
  key(key: string, slot = 0): string {
    const hash = createHash('sha256').update(key).digest('hex')
    return below(this.keys, slot === 0 ? hash : `${hash}.${slot}`)
  }

  /** Where what makes no sense is moved to, under the name it had and a random word. */
  lostFile(name: string): string {
    return below(this.lost, `${name}.${randomWord()}`)
  }

  /** The path of a name that was found in one of the store's folders. */
  found(folder: string, name: string): string {
    return below(folder, name)
  }
}

/** The names in a folder, or none if it does not exist. */
export function namesIn(files: Files, folder: string): string[] {
  try {
    return files.readdirSync(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw readFailed(folder, error)
  }
}

/** The pid in the name of a journal in `pending/` or in a folder of `active/`. */
export const pidOfJournal = (name: string): string | undefined => JOURNAL.exec(name)?.[1]

/** The pid in the name of a draft of a journal. */
export const pidOfDraft = (name: string): string | undefined => DRAFT.exec(name)?.[1]

/** The pids of the journals in `pending/` or in a folder of `active/`. */
export const pidsIn = (files: Files, folder: string): string[] =>
  namesIn(files, folder).flatMap(name => pidOfJournal(name) ?? [])

/** The names of the documents in the folder of a collection. */
export const documentsIn = (files: Files, folder: string): string[] =>
  namesIn(files, folder)
    .flatMap(name => DOCUMENT.exec(name)?.[1] ?? [])
    .filter(isDocumentName)

/** The names of the folders in `active/`: ids of hosts, and `RELEASED`. */
export const ownersIn = (files: Files, paths: Paths): string[] => namesIn(files, paths.active).filter(isOwner)

export const hostIdsIn = (files: Files, paths: Paths): string[] => documentsIn(files, paths.hosts).filter(isHostId)

/** The hours that have a folder in `ended/`, in no order. */
export const hoursIn = (files: Files, paths: Paths): string[] => namesIn(files, paths.ended).filter(isHour)

export function parseEndedName(name: string): { readonly pid: string; readonly status: FinalStatus } | undefined {
  const [, pid, status] = ENDED.exec(name) ?? []
  return pid === undefined ? undefined : { pid, status: status as FinalStatus }
}
