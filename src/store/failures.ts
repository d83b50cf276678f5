import { StepwrightError } from '../errors.ts'
import { withAdvice } from '../journal/failures.ts'
import { show } from '../record/show.ts'

export const noAccess = (root: string, why: string, cause?: unknown): StepwrightError =>
  new StepwrightError(
    'ERR_STORE_ACCESS',
    cause === undefined ? `${root}: ${why}` : withAdvice(`${root}: ${why}`, cause),
    { cause },
  )

export const unknownProcess = (pid: unknown, location: string): StepwrightError =>
  new StepwrightError(
    'ERR_UNKNOWN_PROCESS',
    `There is no process ${show(pid)} in ${location}: it was deleted, has expired, or never was.`,
  )

export const notEnded = (pid: string): StepwrightError =>
  new StepwrightError('ERR_NOT_ENDED', `Process ${pid} has not ended: cancel it first.`)

export const notOwned = (pid: string, hostId: string): StepwrightError =>
  new StepwrightError(
    'ERR_UNKNOWN_PROCESS',
    `Host ${hostId} owns no process ${show(pid)}: it was deleted, or never was.`,
  )

/** @param owner a host's id; absent: nobody has it just now, or it has ended */
export const processTaken = (pid: string, hostId: string, owner?: string): StepwrightError =>
  new StepwrightError(
    'ERR_PROCESS_TAKEN',
    `Process ${pid} was taken away from host ${hostId}${owner === undefined ? '' : owner === hostId ? ' and has come back since' : `, and is with host ${owner}`}`,
  )

/** Whether a host has lost a process, by its error. */
export const isLoss = (error: unknown): error is StepwrightError =>
  error instanceof StepwrightError && (error.code === 'ERR_PROCESS_TAKEN' || error.code === 'ERR_UNKNOWN_PROCESS')

export const unknownHost = (hostId: unknown, location: string): StepwrightError =>
  new StepwrightError(
    'ERR_UNKNOWN_HOST',
    `There is no host ${show(hostId)} in ${location}: \`stepwright hosts\` lists them.`,
  )

export const hostAlive = (hostId: string, state: string): StepwrightError =>
  new StepwrightError(
    'ERR_HOST_ALIVE',
    `Host ${hostId} is ${state}: it runs its processes itself. Stop it first, or take them by force if you know better.`,
  )

export const hostClosed = (hostId: string): StepwrightError =>
  new StepwrightError('ERR_RUNTIME_CLOSED', `Host ${hostId} is closed: open another one.`)

export const notAPid = (pid: unknown): TypeError =>
  new TypeError(`A pid is 20 characters of 0-9 and a-z, got ${show(pid)}: make it with createPid()`)
