import { join } from 'node:path'
import { OpenWorkflow } from 'openworkflow'
import { BackendPostgres } from 'openworkflow/postgres'
import { BackendSqlite } from 'openworkflow/sqlite'
import { workOf } from '../workloads.ts'

/** @type {import('../contestant.ts').OpenContestant} */
export const onSqlite = async setting =>
  contestant(setting, BackendSqlite.connect(join(setting.dir, 'openworkflow.sqlite')))

/** @type {import('../contestant.ts').OpenContestant} */
export const onPostgres = async setting => contestant(setting, await BackendPostgres.connect(setting.postgres))

async function contestant({ workload }, backend) {
  const { input, step: doStep, check } = workOf(workload)
  const client = new OpenWorkflow({ backend })
  const workflow = client.defineWorkflow({ name: 'bench' }, async ({ input, step }) => {
    let data = input
    for (let n = 0; n < workload.steps; n++) {
      const before = data
      data = await step.run({ name: `step${n}` }, () => doStep(before))
    }
    return data
  })
  const worker = client.newWorker({ concurrency: workload.atOnce })
  await worker.start()
  return {
    async run(count) {
      const handles = await Promise.all(Array.from({ length: count }, () => workflow.run(input)))
      for (const handle of handles) check(await handle.result())
    },
    async close() {
      await worker.stop()
      await backend.stop()
    },
  }
}
