import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import type { PostgresHost } from '../../src/store/postgres/host.ts'
import { postgresStore } from '../../src/store/postgres/postgres-store.ts'
import type { Store } from '../../src/store/store.ts'
import type { StoreUnderTest } from '../../src/testing/conformance.ts'
import { postgresUrl } from './postgres.ts'

/** Where the tables of a store are, so that another one can be opened on them. */
export const schemaOf = ({ location }: Store): string => /schema (\w+)/.exec(location)![1]!

/** An empty store in a schema of its own. `undefined` where there is no PostgreSQL. */
export async function makePostgresStore(): Promise<StoreUnderTest | undefined> {
  const url = await postgresUrl()
  if (url === undefined) return undefined
  const schema = `t_${randomUUID().replaceAll('-', '')}`
  const stores: Store[] = []
  const open = (): Store => {
    const store = postgresStore(url, { schema })
    stores.push(store)
    return store
  }
  return {
    store: open(),
    open,
    crash: host => (host as PostgresHost).session.close(),
    async cleanup() {
      await Promise.all(stores.map(store => store.close()))
      const client = new Client(url)
      await client.connect()
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      await client.end()
    },
  }
}
