import { StepwrightError } from '../errors.ts'
import { withAdvice } from '../journal/failures.ts'
import { show } from '../record/show.ts'

export const noAccess = (root: string, why: string, cause?: unknown): StepwrightError =>
  new StepwrightError('ERR_STORE_ACCESS', cause === undefined ? `${root}: ${why}` : withAdvice(`${root}: ${why}`, cause), { cause })

export const unknownProcess = (pid: unknown, location: string): StepwrightError =>
  new StepwrightError('ERR_UNKNOWN_PROCESS', `There is no process ${show(pid)} in ${location}: it was deleted, has expired, or never was.`)

export const notEnded = (pid: string): StepwrightError =>
  new StepwrightError('ERR_NOT_ENDED', `Process ${pid} has not ended: cancel it first.`)

export const notOwned = (pid: string, hostId: string): StepwrightError =>
  new StepwrightError('ERR_UNKNOWN_PROCESS', `Host ${hostId} does not own process ${show(pid)}: create or adopt it first.`)

export const unknownHost = (hostId: unknown, location: string): StepwrightError =>
  new StepwrightError('ERR_UNKNOWN_HOST', `There is no host ${show(hostId)} in ${location}: \`stepwright hosts\` lists them.`)

export const hostAlive = (hostId: string, state: string): StepwrightError =>
  new StepwrightError(
    'ERR_HOST_ALIVE',
    `Host ${hostId} is ${state}: it runs its processes itself. Stop it first, or take them by force if you know better.`,
  )

export const hostClosed = (hostId: string): StepwrightError =>
  new StepwrightError('ERR_RUNTIME_CLOSED', `Host ${hostId} is closed: open another one.`)

export const notAPid = (pid: unknown): TypeError =>
  new TypeError(`A pid is 20 characters of 0-9 and a-z, got ${show(pid)}: make it with createPid()`)
