import type { Command, Refusal } from '../../store/command.ts'
import type { HostStore } from '../../store/store.ts'
import type { Clock } from '../clock.ts'
import type { Events } from '../events.ts'
import type { LiveProcess } from '../process/live-process.ts'
import type { Logger } from '../logger.ts'

interface Audience {
  readonly store: HostStore
  readonly clock: Clock
  readonly logger: Logger
  readonly events: Events
}

/** Tells of a command that was kept and cannot be done: to people here, and in the log of its process to whoever asked for it. */
export const teller =
  ({ store, clock, logger, events }: Audience) =>
  async ({ pid, steps }: LiveProcess, command: Command, { code, message }: Refusal): Promise<void> => {
    const { id, type } = command
    const told = `A ${type} that was kept for process ${pid} cannot be done: ${message}`
    const where = { host: store.hostId, pid, command: id, code }
    logger.warn(where, told)
    events.tell('command-refused', () => ({ pid, type, code, message }))
    const [step = '', { attempt = 0 } = {}] = Object.entries(steps).findLast(([name]) => type !== 'proceed' || name === command.step) ?? []
    try {
      await store.log(pid, { at: clock.now(), step, attempt, message: told, fields: { command: id, code } })
    } catch (error) {
      logger.warn({ ...where, err: error }, `The log of process ${pid} could not be written`)
    }
  }
