// A job is a step, and hands its output on to the queue of the next one.
import { PgBoss } from 'pg-boss'
import { workOf } from '../workloads.ts'

/** @type {import('../contestant.ts').OpenContestant} */
export async function open({ workload, postgres }) {
  const { steps, atOnce } = workload
  const { input, step, check } = workOf(workload)
  const boss = new PgBoss(postgres)
  boss.on('error', error => console.error(error))
  await boss.start()
  let left = 0
  let ended = () => {}
  const queues = Array.from({ length: steps }, (_, n) => `step${n}`)
  for (const queue of queues) await boss.createQueue(queue)
  for (const [n, queue] of queues.entries()) {
    await boss.work(queue, { batchSize: atOnce, pollingIntervalSeconds: 0.5 }, async jobs => {
      await Promise.all(
        jobs.map(async ({ data }) => {
          const output = step(data)
          const next = queues[n + 1]
          if (next !== undefined) return void (await boss.send(next, output))
          check(output)
          if (--left === 0) ended()
        }),
      )
    })
  }
  return {
    async run(count) {
      left = count
      const all = new Promise(resolve => {
        ended = resolve
      })
      await Promise.all(Array.from({ length: count }, () => boss.send(queues[0], input)))
      await all
    },
    close: () => boss.stop({ graceful: false }),
  }
}
