import { setTimeout as delay } from 'node:timers/promises'
import type { Client, ClientConfig, Pool, PoolClient } from 'pg'
import { StepwrightError } from '../../errors.ts'
import { readFailed, writeFailed } from '../../journal/failures.ts'
import { noAccess } from '../failures.ts'
import { settingsDropped } from './failures.ts'
import type { Place } from './place.ts'

/**
 * How the driver is loaded: when it is first needed, so that importing this package does not need
 * it.
 */
async function loadDriver() {
  try {
    const driver = await import('pg')
    // `count(*)` and the like are bigint, which the driver would give as text.
    driver.types.setTypeParser(20, Number)
    return driver
  } catch (cause) {
    throw new TypeError('A PostgreSQL store needs the package pg: npm install pg', { cause })
  }
}

/**
 * A dead machine or network is seen by the server, and by us, within six seconds; the death of a
 * process at once.
 */
const KEEPALIVE = { idleS: 3, intervalS: 1, count: 3 }
export const SERVER_WAITS_MS = (KEEPALIVE.idleS + KEEPALIVE.intervalS * KEEPALIVE.count) * 1_000
const CONNECT_MS = 3_000
/**
 * A network that swallows everything keeps a connection open for a quarter of an hour: who asks
 * gives up sooner, and asks anew.
 */
const ANSWER_MS = 15_000

const configOf = ({ url, schema }: Place): ClientConfig => ({
  connectionString: url,
  application_name: 'stepwright',
  options: [
    `search_path=${schema}`,
    `tcp_keepalives_idle=${KEEPALIVE.idleS}`,
    `tcp_keepalives_interval=${KEEPALIVE.intervalS}`,
    `tcp_keepalives_count=${KEEPALIVE.count}`,
    `tcp_user_timeout=${SERVER_WAITS_MS}`,
  ]
    .map(setting => `-c ${setting}`)
    .join(' '),
  keepAlive: true,
  keepAliveInitialDelayMillis: KEEPALIVE.idleS * 1_000,
  connectionTimeoutMillis: CONNECT_MS,
  query_timeout: ANSWER_MS,
})

/** @param pipelined queries are sent without waiting for the answers of those before */
export async function connect(place: Place, { pipelined = false } = {}): Promise<Client> {
  const driver = await loadDriver()
  const client = new driver.Client({ ...configOf(place), ...(pipelined && { pipeline: true }) })
  // A connection that breaks would otherwise end the program. Whoever uses it is told by its query.
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Whether an open connection keeps Node alive. The driver can do so; its types do not say it. */
export function keepsAlive(client: Client, isNeeded: boolean): void {
  const { stream } = client.connection as { stream: { ref?(): void; unref?(): void } }
  if (isNeeded) stream.ref?.()
  else stream.unref?.()
}

/** Ends a connection in order. */
export async function disconnect(client: Client): Promise<void> {
  // Whoever waits for the end needs Node to stay.
  keepsAlive(client, true)
  await client.end().catch(() => {})
}

/** Connections for whoever asks, and how to break all of them. */
export interface Clients {
  readonly pool: Pool
  breakAll(): void
}

export async function openPool(place: Place, max: number): Promise<Clients> {
  const driver = await loadDriver()
  const pool = new driver.Pool({ ...configOf(place), max, idleTimeoutMillis: 5_000, allowExitOnIdle: true })
  const clients = new Set<PoolClient>()
  pool.on('error', () => {})
  pool.on('connect', client => {
    client.on('error', () => {})
    clients.add(client)
  })
  pool.on('remove', client => void clients.delete(client))
  return {
    pool,
    breakAll() {
      for (const client of clients) breakConnection(client)
    },
  }
}

/** At once, whatever is under way: queries fail, and are sent again over another connection. */
export function breakConnection(client: Client | PoolClient): void {
  ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
}

const codeOf = (error: unknown): string => (error as { code?: unknown } | null)?.code?.toString() ?? ''

/** The server is away or restarts, or the network is: the same may work in a moment. */
export function isAway(error: unknown): boolean {
  if (/^(08(?!P01)|57P0|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENET|53300)/.test(codeOf(error))) return true
  return (
    error instanceof Error &&
    codeOf(error) === '' &&
    /terminated|not queryable|closed|timeout|ended/i.test(error.message)
  )
}

/** Two transactions got in each other's way: one of them is tried again. */
const isConflict = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error))

const FORBIDDEN = ['28P01', '28000', '3D000', '42501', '3F000']

/** An error of this library for whatever the server or the driver has said. */
export function storeFailure({ location }: Place, error: unknown, doing: 'read' | 'write'): Error {
  if (error instanceof StepwrightError || error instanceof TypeError) return error
  if (FORBIDDEN.includes(codeOf(error))) return noAccess(location, 'the server does not let us in', error)
  // What a pooler answers that does not know the settings.
  if (codeOf(error) === '08P01') return settingsDropped(location, error)
  return doing === 'read' ? readFailed(location, error) : writeFailed(location, error)
}

const FIRST_WAIT_MS = 20
const LAST_WAIT_MS = 500
/** A restart or a promotion of the server is waited for. */
const PATIENCE_MS = 15_000

/** Tries until the server answers: everything that is tried may be done twice. */
export async function persist<T>(
  place: Place,
  doing: 'read' | 'write',
  attempt: () => Promise<T>,
  isOpen = (): boolean => true,
): Promise<T> {
  const until = performance.now() + PATIENCE_MS
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
    try {
      return await attempt()
    } catch (error) {
      if (!(isAway(error) || isConflict(error)) || performance.now() > until || !isOpen())
        throw storeFailure(place, error, doing)
      await delay(waitMs)
    }
  }
}
