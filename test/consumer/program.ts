/**
 * What an app may write: compiled against the packed package, declarations and all, by every
 * supported TypeScript.
 */
import { createServer } from 'node:http'
import {
  createRuntime,
  defineProcess,
  lowdbStore,
  ProcessError,
  typed,
  type HostStore,
  type ProcessInfo,
  type ProcessOutput,
  type RuntimeOptions,
  type Store,
} from 'stepwright'
import { openClient } from 'stepwright/client'
import { dashboard, type DashboardOptions } from 'stepwright/dashboard'
import { inspector } from 'stepwright/inspect'
import { sqliteStore } from 'stepwright/sqlite'
import { createTestRuntime, memoryStore, storeConformance } from 'stepwright/testing'
import { createMachine } from 'xstate'

const light = createMachine({ initial: 'red', states: { red: { on: { GO: 'green' } }, green: { type: 'final' } } })

// Exported without an annotation: the declaration file has to name what the builder inferred.
export const importDump = defineProcess({
  name: 'import-dump',
  input: typed<{ file: string }>(),
  services: typed<{ db: Map<string, number> }>(),
})
  .step('read', ({ data, services }) => ({ pages: [data.file, String(services.db.size)] }))
  .each(
    'resize',
    ({ data }) => data.pages,
    ({ data }) => data.length,
  )
  .parallel('publish', { sum: ({ data }) => data.length, first: ({ data }) => data[0] ?? 0 })
  .interrupt('review')
  .machine('approval', light)
  .step('done', () => ({ ok: true }), { retry: 3, when: ({ attempt }) => attempt === 1 })

/** Generic, so that much of what the builder infers is known only where it is called. */
export function fetching<T>(load: (url: string) => Promise<T>, pause: boolean) {
  return defineProcess({ name: 'fetching', input: typed<string>() })
    .step('load', async ({ data }) => ({ loaded: (await load(data)) as any }), { interrupt: pause, when: () => pause })
    .machine('light', light)
    .interrupt('ask', { schema: typed<{ by: string }>() })
}

export const output: ProcessOutput<typeof importDump> = { ok: true }

export async function main(options: Pick<RuntimeOptions, 'concurrency'>, page: DashboardOptions): Promise<void> {
  await using runtime = await createRuntime({
    processes: [importDump],
    services: { db: new Map() },
    store: lowdbStore('.stepwright', { durability: 'power' }),
    inspect: inspector({ quiet: true }),
    ...options,
  })
  const job = await runtime.start(importDump, { file: 'dump.xml' }, { key: 'dump' })
  job.subscribe((info: ProcessInfo) => console.log(info.status))
  try {
    await job.result()
  } catch (error) {
    if (error instanceof ProcessError) console.error(error.code, error.step)
  }
  const stores: Store[] = [sqliteStore('jobs.sqlite'), memoryStore()]
  const hosts: HostStore[] = await Promise.all(stores.map(store => store.openHost()))
  for await (const info of openClient(stores[0]).list({ limit: hosts.length })) console.log(info.pid)
  createServer(dashboard(page).node).listen()
  await createTestRuntime({ processes: [importDump], services: { db: new Map() } })
  console.log(storeConformance.length)
}
