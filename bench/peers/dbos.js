import { DBOS } from '@dbos-inc/dbos-sdk'
import { inTurn } from '../contestant.ts'
import { workOf } from '../workloads.ts'

/** @type {import('../contestant.ts').OpenContestant} */
export async function open({ workload, postgres }) {
  const { input, step, check } = workOf(workload)
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: postgres, logLevel: 'error', runAdminServer: false })
  const workflow = DBOS.registerWorkflow(
    async input => {
      let data = input
      for (let n = 0; n < workload.steps; n++) {
        const before = data
        data = await DBOS.runStep(async () => step(before), { name: `step${n}` })
      }
      return data
    },
    { name: 'bench' },
  )
  await DBOS.launch()
  return {
    run: inTurn(async () => check(await (await DBOS.startWorkflow(workflow)(input)).getResult())),
    close: () => DBOS.shutdown(),
  }
}
