import { StepwrightError } from '../../errors.ts'
import { noAccess } from '../failures.ts'

export const storeMissing = (location: string): StepwrightError =>
  new StepwrightError(
    'ERR_STORE_MISSING',
    `There is no store in ${location}: it is made when the first host opens, or a client submits a process. Check the address and the schema.`,
  )

/** A pooler gives each transaction another session, so a lock of a session is lost at once. */
export const sessionShared = (location: string): StepwrightError =>
  noAccess(
    location,
    'the lock of this host is gone although its connection is not, as behind a pooler in transaction mode. Hosts need sessions of their own: connect to the server itself, or to a pool in session mode',
  )
