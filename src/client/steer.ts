import { setTimeout as delay } from 'node:timers/promises'
import { isStoreError, StepwrightError, type ErrorCode } from '../errors.ts'
import { commandState, deleteCommand, putCommand, type Command } from '../store/commands.ts'
import { createdAtOf, createPid } from '../record/pid.ts'
import { isFinal, type ProcessRecord } from '../record/record.ts'
import type { StoredProcess } from '../record/host.ts'
import type { Store } from '../store/store.ts'
import { show } from '../record/show.ts'
import { asked, pausedStep } from '../record/wait.ts'
import type { Steered } from './client.ts'
import { wakeAll } from './wake-all.ts'

/** Pauses between polls for the answer, in milliseconds. Most hosts answer within the first few. */
const LOOK_MS = [1, 2, 3, 5, 8, 12, 20] as const
const LAST_LOOK_MS = 40
/** Every so many polls, the process and its host are read again. */
const HOST_LOOKS = 8

/** What is asked of a process. */
export type Wish<C = Command> = C extends Command ? Omit<C, 'pid' | 'id' | 'at'> : never

/**
 * Sends a command to the host of a process and waits for the answer. The command is in the store
 * before the host is woken, so nothing is lost if the host or the client dies.
 *
 * @param wishFor makes the command from the newest record, or throws why there can be none
 * @param again the id of a command that a host had begun to apply when it lost the process
 */
export async function steer(
  store: Store,
  pid: string,
  wishFor: (record: ProcessRecord) => Wish,
  signal: AbortSignal,
  again?: string,
): Promise<Steered> {
  const id = again ?? createCommandId()
  const at = createdAtOf(id)
  const found = await store.get(pid)
  if (again !== undefined && found !== undefined && isFinal(found.record.status)) return findApplied(store, pid, id)
  mustLive(store, pid, found)
  await putSafely(store, { ...wishFor(found.record), pid, id, at })
  // Nobody has it: a host that can run it may take it.
  const isAwaited = found.host === undefined && (await wakeAll(store))
  if (found.host !== undefined) await store.wake(found.host.id)
  for (let look = 0; ; look++) {
    // A live host answers within a few polls, so read the process again only every 8th.
    if (look % HOST_LOOKS === 0 && (look > 0 || found.host?.state !== 'alive')) {
      const now = await store.get(pid)
      if (now === undefined || isFinal(now.record.status)) return settle(store, pid, id)
      if (now.host?.state !== 'alive' && (look > 0 || !isAwaited)) return (await answer(store, pid, id)) ?? 'kept'
    }
    const answered = await answer(store, pid, id)
    if (answered !== undefined) return answered
    signal.throwIfAborted()
    await delay(LOOK_MS[look] ?? LAST_LOOK_MS)
  }
}

/** The pauses between looks whether a command that was kept is taken, in milliseconds. */
const KEPT_LOOK_MS = 50
const LAST_KEPT_LOOK_MS = 1_000

/**
 * As `steer`, but waits until the command is taken, however long it is kept, and returns the record
 * that says so.
 */
export async function steerUntilTaken(
  store: Store,
  pid: string,
  wishFor: (record: ProcessRecord) => Wish,
  signal: AbortSignal,
): Promise<ProcessRecord> {
  const id = createCommandId()
  let steered: Steered | undefined = await steer(store, pid, wishFor, signal, id)
  for (let look = KEPT_LOOK_MS; steered !== 'taken'; look = Math.min(2 * look, LAST_KEPT_LOOK_MS)) {
    await delay(look, undefined, { signal }).catch(() => signal.throwIfAborted())
    const found = await store.get(pid)
    const isOver = found === undefined || isFinal(found.record.status)
    steered = isOver ? await settle(store, pid, id) : await answer(store, pid, id)
  }
  const record = (await store.history(pid))?.find(({ event }) => event.command === id)
  if (record === undefined) throw ended(pid, 'deleted')
  return record
}

/**
 * A store that fails may have kept the command all the same. With the same id it is not applied
 * twice.
 */
async function putSafely({ documents }: Store, command: Command): Promise<void> {
  try {
    await putCommand(documents, command)
  } catch (error) {
    if (!isStoreError(error)) throw error
    await putCommand(documents, command)
  }
}

let newest = 0
/** Later at each call: commands are carried out in the order of their ids. */
export const createCommandId = (): string => createPid((newest = Math.max(Date.now(), newest + 1)))

/** @returns `undefined` as long as there is none @throws why the host refused it */
async function answer(store: Store, pid: string, id: string): Promise<Steered | undefined> {
  const state = await commandState(store.documents, pid, id)
  if (state === 'waiting') return undefined
  if (state === 'kept' || state === 'taken') return state
  await deleteCommand(store.documents, pid, id)
  throw new StepwrightError(state.refused.code as ErrorCode, state.refused.message)
}

/** Finds the answer to a command whose process has ended, so that no host will answer. */
async function settle(store: Store, pid: string, id: string): Promise<'taken'> {
  if ((await answer(store, pid, id)) === 'taken') return 'taken'
  await deleteCommand(store.documents, pid, id)
  return findApplied(store, pid, id)
}

/** The journal says whether this command was applied. @throws ERR_ALREADY_ENDED */
async function findApplied(store: Store, pid: string, id: string): Promise<'taken'> {
  const records = (await store.history(pid)) ?? []
  if (records.some(({ event }) => event.command === id)) return 'taken'
  throw ended(pid, records.at(-1)?.status ?? 'deleted')
}

export function mustLive(store: Store, pid: string, found: StoredProcess | undefined): asserts found is StoredProcess {
  if (found === undefined)
    throw new StepwrightError(
      'ERR_UNKNOWN_PROCESS',
      `There is no process ${JSON.stringify(pid)} in the store ${store.location}`,
    )
  if (isFinal(found.record.status)) throw ended(pid, found.record.status)
}

const ended = (pid: string, status: string): StepwrightError =>
  new StepwrightError('ERR_ALREADY_ENDED', `Process ${pid} can no longer be steered: it has ended (${status})`)

/** What an answer is for. */
export interface Target {
  readonly step?: string
  readonly name?: string
  readonly since?: number
}

/**
 * The pause that an answer is for, as the process is now: that of the step it is at, or, by its
 * name, what the step waits for. What has not come yet gets the answer when it does.
 *
 * @throws ERR_NAME_REQUIRED
 */
export function targetOf(record: Pick<ProcessRecord, 'pid' | 'status' | 'steps'>, name: string | undefined): Target {
  const paused = pausedStep(record)
  const next = name === undefined ? {} : { name }
  if (paused === undefined) return next
  const { step } = paused
  if (paused.record.waits === undefined) return name === undefined || name === step ? { step } : next
  const waits = asked(paused.record)
  const wait = name === undefined && waits.length === 1 ? waits[0] : waits.find(one => one.name === name)
  if (wait !== undefined) return { step, name: wait.name, since: wait.since }
  if (name !== undefined) return next
  throw new StepwrightError(
    'ERR_NAME_REQUIRED',
    `Step '${step}' of process ${record.pid} waits for ${waits.map(one => show(one.name)).join(', ')}: say which with \`name\``,
  )
}
