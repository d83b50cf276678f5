import type { Client } from '../client/client.ts'
import { storeOf } from '../client/store-of.ts'
import { readCharts } from '../store/charts.ts'

/** The names of the definitions that hosts of a client's store know or knew. */
export async function definitionsOf(client: Client): Promise<string[]> {
  const store = storeOf(client)
  const charts = store ? await readCharts(store.documents) : []
  return [...new Set(charts.map(({ name }) => name))].toSorted()
}
