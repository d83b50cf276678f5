import { join } from 'node:path'
import { createRuntime, defineProcess, lowdbStore, typed, type RuntimeOptions, type Store } from 'stepwright'
import { postgresStore } from 'stepwright/postgres'
import { sqliteStore } from 'stepwright/sqlite'
import { memoryStore } from 'stepwright/testing'
import { inTurn, type Contestant, type OpenContestant, type Setting } from '../contestant.ts'
import { workOf, type Data } from '../workloads.ts'

export async function onStore(
  store: Store,
  { workload }: Pick<Setting, 'workload'>,
  options: Pick<RuntimeOptions, 'recover'> = {},
): Promise<Contestant> {
  const work = workOf(workload)
  let definition = defineProcess({ name: 'bench', input: typed<Data>() }).step('step0', async ({ data }) =>
    work.step(data),
  )
  for (let n = 1; n < workload.steps; n++)
    definition = definition.step(`step${n}`, async ({ data }) => work.step(data)) as typeof definition
  const runtime = await createRuntime({
    processes: [definition],
    store,
    concurrency: Math.max(1_000, workload.atOnce),
    ...options,
  })
  return {
    run: inTurn(async () => work.check(await (await runtime.start(definition, work.input)).result())),
    close: () => runtime.close(),
  }
}

export const memory: OpenContestant = setting => onStore(memoryStore(), setting)

export const lowdb: OpenContestant = setting =>
  onStore(lowdbStore(join(setting.dir, 'store'), { durability: setting.durability }), setting)

export const sqlite: OpenContestant = setting =>
  onStore(sqliteStore(join(setting.dir, 'store.sqlite'), { durability: setting.durability }), setting)

export const postgres: OpenContestant = setting => onStore(postgresStore(setting.postgres!), setting)
