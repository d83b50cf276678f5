import { StepwrightError } from '../../errors.ts'
import { noAccess } from '../failures.ts'

export const storeMissing = (location: string): StepwrightError =>
  new StepwrightError(
    'ERR_STORE_MISSING',
    `There is no store in ${location}: it is made when the first host opens, or a client submits a process. Check the address and the schema.`,
  )

/** The tables would be looked for in another schema. */
export const settingsDropped = (location: string, cause?: unknown): StepwrightError =>
  noAccess(
    location,
    'the settings of the connection do not reach the server, as behind PgBouncer. Connect to the server itself, or give the role the search_path: ALTER ROLE ... SET search_path',
    cause,
  )

/** A pooler gives each transaction another session, so a lock of a session is lost at once. */
export const sessionShared = (location: string): StepwrightError =>
  noAccess(
    location,
    'this host shares its session with other connections, as behind a pooler in transaction mode. Hosts need sessions of their own: connect to the server itself, or to a pool in session mode',
  )
