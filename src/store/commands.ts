import { isOfOneJournal } from '../journal/failures.ts'
import { isPid } from '../record/pid.ts'
import { isFinal } from '../record/record.ts'
import type { Json } from '../record/record.ts'
import { parseDocument, readDocuments } from './documents.ts'
import type { CorruptDocument, Documents } from './documents.ts'
import type { Store } from './store.ts'

/** What every command has. Its id has the form of a pid, so that ids sort by the time they were made; `at` is epoch milliseconds. */
interface CommandHead {
  readonly pid: string
  readonly id: string
  readonly at: number
}

/**
 * What a client asks of a process that lives elsewhere. `proceed` names the paused step it is about: of two clients that let the same
 * step go on, one does.
 */
export type Command = CommandHead &
  (
    | { readonly type: 'cancel'; readonly reason?: string }
    | { readonly type: 'proceed'; readonly step: string; readonly data?: Json }
    | { readonly type: 'send'; readonly event: Json }
  )

/** Why a host did not do what a command asked for. */
export interface Refusal {
  readonly code: string
  readonly message: string
}

/** A refusal as it is stored, in the place of its command. `at` is epoch milliseconds. */
interface StoredRefusal {
  readonly refused: Refusal
  readonly at: number
}

/** What has become of a command. A host that takes one first writes the record which carries its id. */
export type CommandState = 'waiting' | 'taken' | { readonly refused: Refusal }

/** A refusal that nobody has read, and a command for a process that has ended, are kept this long, in milliseconds. */
const KEPT_MS = 60_000

const nameOf = (pid: string, id: string): string => `${pid}.${id}`

/** The pid that a command's document is about; `undefined` if its name is none of ours. */
function pidOf(document: string): string | undefined {
  const [pid, id, ...rest] = document.split('.')
  return isPid(pid) && isPid(id) && rest.length === 0 ? pid : undefined
}

/**
 * Keeps a command for a live process until the process's host answers it. What cannot be kept is taken back.
 *
 * @throws ERR_STORE_WRITE
 */
export async function putCommand(documents: Documents, command: Command): Promise<void> {
  const name = nameOf(command.pid, command.id)
  try {
    await documents.put('commands', name, JSON.stringify(command))
  } catch (error) {
    await documents.delete('commands', name).catch(() => {})
    throw error
  }
}

/** What has become of a command: one that is not there was taken. */
export async function commandState(documents: Documents, pid: string, id: string): Promise<CommandState> {
  const document = await documents.get('commands', nameOf(pid, id))
  if (document === undefined) return 'taken'
  const found = parseDocument(document, value => parseCommand(value, document.name))
  return 'refused' in found ? { refused: found.refused } : 'waiting'
}

/** Takes a command back, or clears away its refusal once that was read. */
export async function deleteCommand(documents: Documents, pid: string, id: string): Promise<void> {
  await documents.delete('commands', nameOf(pid, id))
}

/** The commands that wait for processes of which `isOwned` says yes, oldest first. */
export async function waitingCommands(
  documents: Documents,
  isOwned: (pid: string) => boolean,
  onCorrupt?: (document: CorruptDocument) => void,
): Promise<Command[]> {
  const isWanted = (name: string): boolean => {
    const pid = pidOf(name)
    return pid !== undefined && isOwned(pid)
  }
  const found = await readDocuments(documents, 'commands', parseCommand, onCorrupt, isWanted)
  return found.filter(one => 'id' in one).toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/**
 * Answers a command for good, in one step that a kill cannot halve: it is deleted once the record that carries its id is in the store, or
 * its refusal takes its place.
 */
export async function answerCommand(documents: Documents, pid: string, id: string, refusal?: Refusal): Promise<void> {
  if (refusal === undefined) return deleteCommand(documents, pid, id)
  const stored: StoredRefusal = { refused: refusal, at: Date.now() }
  await documents.put('commands', nameOf(pid, id), JSON.stringify(stored))
}

/** Deletes refusals that nobody has read, and commands for processes that have ended. */
export async function sweepCommands(store: Pick<Store, 'documents' | 'get'>): Promise<void> {
  const { documents } = store
  const before = Date.now() - KEPT_MS
  const old = await readDocuments(documents, 'commands', (value, name) => ({ name, ...parseCommand(value, name) }))
  for (const { name, at, ...command } of old) {
    if (at < before && ('refused' in command || (await hasEnded(store, command.pid)))) await documents.delete('commands', name)
  }
}

async function hasEnded(store: Pick<Store, 'get'>, pid: string): Promise<boolean> {
  try {
    const found = await store.get(pid)
    return found === undefined || isFinal(found.record.status)
  } catch (error) {
    if (isOfOneJournal(error)) return false
    throw error
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'

function parseCommand(value: unknown, document: string): Command | StoredRefusal {
  const { refused, pid, id, at, ...rest } = (value ?? {}) as Partial<Command & StoredRefusal>
  if (!Number.isFinite(at)) throw new Error('it has no time')
  if (isText(refused?.code) && isText(refused.message)) return { refused: { code: refused.code, message: refused.message }, at: at! }
  if (!isText(pid) || !isText(id) || nameOf(pid, id) !== document) throw new Error('it is no command for this process')
  const { type, reason, step, event } = rest as { type?: string; reason?: unknown; step?: unknown; event?: unknown }
  const isFit =
    type === 'cancel' ? reason === undefined || isText(reason) : type === 'proceed' ? isText(step) : type === 'send' && event !== undefined
  if (!isFit) throw new Error('it is no command that this version knows')
  return value as Command
}
