import { createHash } from 'node:crypto'
import { show } from '../../record/show.ts'

/** A schema of a database: where the tables of a store are. */
export interface Place {
  /** With the password, if it has one: never shown. */
  readonly url: string
  readonly schema: string
  /** For messages: without user and password. */
  readonly location: string
  /**
   * The first half of every advisory lock of this store: all stores of a database share one space
   * of locks.
   */
  readonly locks: number
  /** Where changes of processes are notified to those who follow any. */
  readonly channel: string
}

/**
 * The second half of the lock that readers share who follow processes: while there is none, hosts
 * notify nobody of what they write. Hosts have numbers from 1, and 0 is for migrations.
 */
export const FOLLOWERS = -1

/** Where one host is told what concerns it: it does not hear what all others do. */
export const channelOf = ({ schema }: Place, hostId: string): string => `${schema}_${hostId}`

const SCHEMA = /^[a-z_][a-z0-9_]{0,40}$/

export const isPostgresUrl = (text: string): boolean => /^postgres(ql)?:\/\//.test(text)

/**
 * @param schema wins over the one in the address, `?schema=name`
 * @throws TypeError
 */
export function placeAt(address: unknown, schema?: unknown): Place {
  if (typeof address !== 'string' || !isPostgresUrl(address) || !URL.canParse(address)) {
    throw new TypeError(
      `A PostgreSQL store's address is like 'postgres://host:5432/database', received ${typeof address === 'string' ? 'another text' : show(address)}`,
    )
  }
  const url = new URL(address)
  const name = schema ?? url.searchParams.get('schema') ?? 'stepwright'
  if (typeof name !== 'string' || !SCHEMA.test(name)) {
    throw new TypeError(
      `schema of a PostgreSQL store must be a-z, 0-9 and _, at most 41 characters; received ${show(name)}`,
    )
  }
  url.searchParams.delete('schema')
  return {
    url: url.href,
    schema: name,
    location: `postgres://${url.host}${url.pathname} (schema ${name})`,
    locks: createHash('sha256').update(`stepwright ${name}`).digest().readUInt32BE() & 0x7f_ff_ff_ff,
    channel: `${name}_changes`,
  }
}
