import { checkEvent, checkReason } from '../../client/arguments.ts'
import { StepwrightError } from '../../errors.ts'
import { toJson } from '../../record/json.ts'
import { targetOf, type Target } from '../../client/steer.ts'
import { show } from '../../record/show.ts'
import { isFinal } from '../../record/record.ts'
import type { LiveProcess } from './live-process.ts'
import { unknownEvent, type MachineEvent } from '../attempt/machine-run.ts'
import { proceedData, type Pause } from './proceed-data.ts'
import { stepsLeft, takerOf } from './taker.ts'

/**
 * Of a call that a client's command asks for: the record that the call makes carries the command's
 * id.
 */
interface Cause {
  readonly command?: string
}

/** @throws ERR_ALREADY_ENDED, ERR_UNDOING */
export async function cancel(live: LiveProcess, given?: unknown, cause: Cause = {}): Promise<'taken'> {
  const reason = checkReason(given)
  mustLive(live, 'cancelled')
  if (live.status === 'undoing') throw undoing(live.pid)
  live.dispatch({ type: 'CANCEL', at: live.environment.clock.now(), reason, ...cause })
  await live.barrier()
  return 'taken'
}

/**
 * @param target the pause it is about: of a step, or what a step waits for; else whichever there is
 * @throws ERR_NOT_INTERRUPTED, ERR_NAME_REQUIRED, ERR_ALREADY_ENDED, ERR_INVALID_INPUT, ERR_NOT_JSON
 */
export async function proceed(
  live: LiveProcess,
  data?: unknown,
  { command, ...target }: Cause & Target = {},
): Promise<'taken'> {
  const paused = pauseOf(live, target)
  const json = await proceedData(live, paused, data)
  const now = pauseOf(live, target)
  if (now.step !== paused.step || now.since !== paused.since) throw notInterrupted(live, paused.step)
  const { name } = paused
  live.dispatch({
    type: 'PROCEED',
    at: live.environment.clock.now(),
    ...(json !== undefined && { data: json }),
    ...(name !== undefined && { name }),
    ...(command !== undefined && { command }),
  })
  await live.barrier()
  return 'taken'
}

/**
 * Sends an event to the machine of the machine step under way.
 * @throws ERR_EVENT_REFUSED if it is in none, ERR_UNKNOWN_EVENT, ERR_ALREADY_ENDED, ERR_NOT_JSON
 */
export async function send(live: LiveProcess, event: unknown, { command }: Cause = {}): Promise<'taken'> {
  const json = toJson(checkEvent(event), live.environment.maxRecordBytes) as MachineEvent
  mustLive(live, 'sent an event')
  const strict = live.machineStep === undefined ? stepsLeft(live).find(({ kind }) => kind === 'machine') : undefined
  if (strict !== undefined && takerOf(live, { type: 'send', event: json }) === undefined)
    throw unknownEvent(live.pid, strict.name, json.type)
  await live.sendToMachine(json, command)
  await live.barrier()
  return 'taken'
}

const undoing = (pid: string): StepwrightError =>
  new StepwrightError(
    'ERR_UNDOING',
    `Process ${pid} cannot be cancelled: it does not finish, and is undoing what it did`,
  )

function mustLive({ pid, status, isGone }: LiveProcess, what: string): void {
  if (isFinal(status))
    throw new StepwrightError('ERR_ALREADY_ENDED', `Process ${pid} cannot be ${what}: it has ended (${status})`)
  if (isGone) throw new StepwrightError('ERR_RUNTIME_CLOSED', `The runtime of process ${pid} is closed`)
}

/** The pause that a target means: one that there is. */
function pauseOf(live: LiveProcess, target: Target): Pause {
  mustLive(live, 'proceeded')
  const { step, name, since } = targetOf(live.record, target.name)
  const isMeant = (target.step ?? step) === step && (target.since ?? since) === since
  if (step === undefined || !isMeant) throw notInterrupted(live, target.step, target.name)
  return { step, ...(name !== undefined && { name, since }) }
}

function notInterrupted({ pid, status }: LiveProcess, step?: string, name?: string): StepwrightError {
  const where =
    (step === undefined ? '' : ` in step '${step}'`) + (name === undefined ? '' : `, waiting for ${show(name)}`)
  return new StepwrightError(
    'ERR_NOT_INTERRUPTED',
    `Process ${pid} is ${status}, not interrupted${where} (any more): only an interrupted process can proceed`,
  )
}
