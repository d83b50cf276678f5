import { isOfOneJournal } from '../journal/failures.ts'
import { isPid } from '../record/pid.ts'
import { isFinal } from '../record/record.ts'
import type { Json } from '../record/record.ts'
import { eitherOf, isObject, json, object, oneOf, optional, text, time } from '../record/schema.ts'
import type { Schema } from '../record/schema.ts'
import { parseDocument, readDocuments } from './documents.ts'
import type { CorruptDocument, Documents, StoredDocument } from './documents.ts'
import type { Store } from './store.ts'

/**
 * The fields of every command. Its id has the form of a pid, so that ids sort by time. `at` is
 * epoch milliseconds.
 */
interface CommandHead {
  readonly pid: string
  readonly id: string
  readonly at: number
}

/**
 * What a client asks of a process that another host runs. `proceed` names the paused step: if two
 * clients continue the same step, only one command is applied. Without a step it is for the next
 * pause, and its host adds the step. With `name` it answers what a step waits for; with `since` that
 * wait alone, which a client has seen, and else the next one of the name. `kept`: the step that takes it has not begun, and its host
 * keeps the command until then.
 */
export type Command = CommandHead &
  (
    | { readonly type: 'cancel'; readonly reason?: string }
    | {
        readonly type: 'proceed'
        readonly step?: string
        readonly name?: string
        readonly since?: number
        readonly data?: Json
        readonly kept?: true
      }
    | {
        readonly type: 'send'
        readonly event: { readonly type: string; readonly [key: string]: Json }
        readonly kept?: true
      }
  )

/** Why a host did not do what a command asked for. */
export interface Refusal {
  readonly code: string
  readonly message: string
}

/** A refusal as it is stored, in place of its command. `at` is epoch milliseconds. */
interface StoredRefusal {
  readonly refused: Refusal
  readonly at: number
}

/**
 * What has become of a command. A host writes the record that carries the id of the command before
 * it counts as taken.
 */
export type CommandState = 'waiting' | 'kept' | 'taken' | { readonly refused: Refusal }

/**
 * A refusal that nobody has read, and a command for a process that has ended, are kept this long,
 * in milliseconds.
 */
const KEPT_MS = 60_000

const nameOf = (pid: string, id: string): string => `${pid}.${id}`

/** The pid in the name of a document, or `undefined` if it is not the name of a command. */
function pidOf(document: string): string | undefined {
  const [pid, id, ...rest] = document.split('.')
  return isPid(pid) && isPid(id) && rest.length === 0 ? pid : undefined
}

/**
 * Stores a command for a live process, until its host answers it. After a failure, the command is
 * removed again.
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

/** What has become of a command. A command that does not exist any more was taken. */
export async function commandState(documents: Documents, pid: string, id: string): Promise<CommandState> {
  const document = await documents.get('commands', nameOf(pid, id))
  if (document === undefined) return 'taken'
  const found = parseDocument<Command | StoredRefusal>(document, schemaOf)
  if ('refused' in found) return { refused: found.refused }
  return 'kept' in found ? 'kept' : 'waiting'
}

/** Withdraws a command, or removes its refusal after it was read. */
export async function deleteCommand(documents: Documents, pid: string, id: string): Promise<void> {
  await documents.delete('commands', nameOf(pid, id))
}

/**
 * Takes back what waits for a process, or one command of it. Returns the commands that were there,
 * oldest first.
 */
export async function withdrawCommands(documents: Documents, pid: string, id?: string): Promise<Command[]> {
  const waiting = await waitingCommands(documents, (of, one) => of === pid && (id === undefined || one === id))
  const withdrawn: Command[] = []
  for (const command of waiting)
    if (await documents.delete('commands', nameOf(pid, command.id))) withdrawn.push(command)
  return withdrawn
}

/** Every command, and every refusal in the place of one. */
export const readCommands = (
  documents: Documents,
  onCorrupt?: (document: CorruptDocument) => void,
  isWanted?: (name: string) => boolean,
): Promise<(Command | StoredRefusal)[]> => readDocuments(documents, 'commands', schemaOf, onCorrupt, isWanted)

/**
 * The commands that wait for processes, and of them those for which `isWanted` returns true, oldest
 * first.
 */
export async function waitingCommands(
  documents: Documents,
  isWanted: (pid: string, id: string) => boolean,
  onCorrupt?: (document: CorruptDocument) => void,
): Promise<Command[]> {
  const isOne = (name: string): boolean => {
    const pid = pidOf(name)
    return pid !== undefined && isWanted(pid, name.slice(pid.length + 1))
  }
  const found = await readCommands(documents, onCorrupt, isOne)
  return found.filter(one => 'id' in one).toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/**
 * Answers a command, in one step that a kill cannot interrupt half-way. Without a `refusal` the
 * command is removed: call this once the record that carries its id is in the store.
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
  for (const document of await documents.list('commands')) {
    const found = tryParse(document)
    if (found === undefined || found.at >= before) continue
    if ('refused' in found || (await hasEnded(store, found.pid))) await documents.delete('commands', document.name)
  }
}

function tryParse(document: StoredDocument): Command | StoredRefusal | undefined {
  try {
    return parseDocument(document, schemaOf)
  } catch {
    return undefined
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

const refusal = object<StoredRefusal>({ refused: object<Refusal>({ code: text, message: text }), at: time })

/** A command, or the refusal in its place. */
function schemaOf(document: string): Schema {
  const [of, named] = document.split('.')
  const head = { pid: oneOf(of), id: oneOf(named), at: time }
  const command = eitherOf(
    object<Command & { type: 'cancel' }>({ ...head, type: oneOf('cancel'), reason: optional(text) }),
    object<Command & { type: 'proceed' }>({
      ...head,
      type: oneOf('proceed'),
      step: optional(text),
      name: optional(text),
      since: optional(time),
      data: optional(json),
      kept: optional(oneOf(true)),
    }),
    object<Command & { type: 'send' }>({
      ...head,
      type: oneOf('send'),
      event: object<{ type: string }>({ type: text }),
      kept: optional(oneOf(true)),
    }),
  )
  return value => (isObject(value) && Object.hasOwn(value, 'refused') ? refusal(value) : command(value))
}
