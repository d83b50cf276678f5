import { defined } from '../record/defined.ts'
import type { PendingCommand, StoredProcess } from '../record/host.ts'
import { isFinal, isSubmission } from '../record/record.ts'
import { readCommands, type Command } from './commands.ts'
import type { LimitRecord, Room } from '../record/limit.ts'
import type { Store } from './store.ts'
import { readMisfits, type StoredMisfit } from './misfits.ts'
import { readPauses, type StoredPause } from './pauses.ts'

type Described = Pick<Store, 'documents' | 'rooms'>
type Describe = (stored: StoredProcess) => Promise<StoredProcess>

/**
 * Adds to a process what documents beside its journal say of it: commands that wait, why a host
 * left it alone, that its definition is paused, and for which limit it waits.
 */
export const described = (store: Described, stored: StoredProcess): Promise<StoredProcess> => {
  const { documents } = store
  const { pid, name } = stored.record
  return describer(
    () => readMisfits(documents, undefined, one => one === pid),
    () => readCommands(documents, undefined, one => one.startsWith(`${pid}.`)),
    () => readPauses(documents, undefined, one => one === name),
    roomsOf(store),
  )(stored)
}

/** Does what `described` does for many processes: it reads all documents once. */
export function allDescribed(store: Described): Describe {
  const { documents } = store
  let misfits: ReturnType<typeof readMisfits> | undefined
  let commands: ReturnType<typeof readCommands> | undefined
  let pauses: ReturnType<typeof readPauses> | undefined
  return describer(
    () => (misfits ??= readMisfits(documents)),
    () => (commands ??= readCommands(documents)),
    () => (pauses ??= readPauses(documents)),
    roomsOf(store),
  )
}

/** Asks once about each limit. */
function roomsOf(store: Described): (limit: LimitRecord, now: number) => Promise<Room> {
  const asked = new Map<string, Promise<Room>>()
  return (limit, now) => {
    const room = asked.get(limit.id) ?? store.rooms([limit], now).then(([found]) => found!)
    asked.set(limit.id, room)
    return room
  }
}

function describer(
  misfits: () => Promise<readonly StoredMisfit[]>,
  commands: () => ReturnType<typeof readCommands>,
  pauses: () => Promise<readonly StoredPause[]>,
  roomOf: (limit: LimitRecord, now: number) => Promise<Room>,
): Describe {
  const firstFull = async (limits: readonly LimitRecord[]): Promise<LimitRecord | undefined> => {
    for (const limit of limits) if ((await roomOf(limit, Date.now())).free < 1) return limit
    return undefined
  }
  return async stored => {
    const { record, host } = stored
    if (isFinal(record.status)) return stored
    const pending = (await commands()).flatMap(command =>
      'id' in command && command.pid === record.pid ? pendingOf(command) : [],
    )
    const mayBeLeft = !isSubmission(record) && (host === undefined || host.state === 'dead')
    const misfit = mayBeLeft
      ? (await misfits()).find(({ pid, revision }) => pid === record.pid && revision === record.revision)
      : undefined
    const isPaused = record.status === 'pending' && (await pauses()).some(({ name }) => name === record.name)
    const full = record.status === 'pending' && !isPaused ? await firstFull(record.limits ?? []) : undefined
    return {
      ...stored,
      ...(full && { waitingFor: { limit: full.limit, ...(full.key !== undefined && { key: full.key }) } }),
      ...(isPaused && { paused: true }),
      ...(pending.length > 0 && { pendingCommands: pending.toSorted((a, b) => a.at - b.at) }),
      ...(misfit && { misfit: { host: misfit.host, reason: misfit.reason, message: misfit.message } }),
    }
  }
}

export function pendingOf(command: Command): PendingCommand {
  const { id, type, at } = command
  if (command.type === 'send') return { id, type, at, event: command.event.type }
  return { id, type, at, ...(command.type === 'proceed' && defined({ step: command.step, name: command.name })) }
}
