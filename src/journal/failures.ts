import { StepwrightError } from '../errors.ts'

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space.',
  EDQUOT: 'The disk quota is used up: free some space.',
  EROFS: 'The file system is read-only.',
  EACCES: 'Check who may read and write it.',
  EPERM: 'Check who may read and write it.',
  EMFILE: 'Too many files are open: raise `ulimit -n`.',
  ENFILE: 'Too many files are open on this machine.',
}

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException | null)?.code ?? ''

function tell(what: string, cause: unknown): string {
  const advice = ADVICE[codeOf(cause)]
  return `${what}: ${cause instanceof Error ? cause.message : String(cause)}${advice === undefined ? '' : `. ${advice}`}`
}

/** A value from outside as a message shows it: quoted, so that no escape code gets through, and never long. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

export const writeFailed = (file: string, cause: unknown): StepwrightError =>
  new StepwrightError('ERR_STORE_WRITE', tell(`Could not write ${file}`, cause), { cause })

export const readFailed = (file: string, cause: unknown): StepwrightError =>
  new StepwrightError('ERR_STORE_READ', tell(`Could not read ${file}`, cause), { cause })

export const noAccess = (root: string, why: string, cause?: unknown): StepwrightError =>
  new StepwrightError('ERR_STORE_ACCESS', cause === undefined ? `${root}: ${why}` : tell(`${root}: ${why}`, cause), { cause })

export const corrupt = (file: string, cause: unknown): StepwrightError =>
  new StepwrightError(
    'ERR_STORE_CORRUPT',
    `${tell(`${file} cannot be understood`, cause)}. It is left as it is: repair it, or move it out of the store.`,
    { cause },
  )

export const tooNew = (file: string, found: number, known: number): StepwrightError =>
  new StepwrightError(
    'ERR_STORE_VERSION',
    `${file} has format ${found}, this version of stepwright knows up to ${known}. Upgrade stepwright, or use another store.`,
  )

export const unknownProcess = (pid: unknown, location: string): StepwrightError =>
  new StepwrightError('ERR_UNKNOWN_PROCESS', `There is no process ${quote(pid)} in ${location}: it was deleted, has expired, or never was.`)

export const notEnded = (pid: string): StepwrightError =>
  new StepwrightError('ERR_NOT_ENDED', `Process ${pid} has not ended: cancel it first.`)

export const notOwned = (pid: string, hostId: string): StepwrightError =>
  new StepwrightError('ERR_UNKNOWN_PROCESS', `Host ${hostId} does not own process ${quote(pid)}: create or adopt it first.`)

export const unknownHost = (hostId: unknown, location: string): StepwrightError =>
  new StepwrightError('ERR_UNKNOWN_HOST', `There is no host ${quote(hostId)} in ${location}: \`stepwright hosts\` lists them.`)

export const hostAlive = (hostId: string, state: string): StepwrightError =>
  new StepwrightError(
    'ERR_HOST_ALIVE',
    `Host ${hostId} is ${state}: it runs its processes itself. Stop it first, or take them by force if you know better.`,
  )

export const hostClosed = (hostId: string): StepwrightError =>
  new StepwrightError('ERR_RUNTIME_CLOSED', `Host ${hostId} is closed: open another one.`)

/** A failure that is one journal's own: a list tells it and goes on. Running out of file descriptors is everybody's. */
export const isOfOneJournal = (error: unknown): error is StepwrightError =>
  error instanceof StepwrightError &&
  (error.code === 'ERR_STORE_CORRUPT' ||
    error.code === 'ERR_STORE_VERSION' ||
    (error.code === 'ERR_STORE_READ' && !['EMFILE', 'ENFILE', 'ENOMEM'].includes(codeOf(error.cause))))
