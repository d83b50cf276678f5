// A job is a process: it keeps what its steps return in its data, as BullMQ's documentation advises for jobs of several steps.
import { basename } from 'node:path'
import { Queue, QueueEvents, Worker } from 'bullmq'
import { workOf } from '../workloads.ts'

/** @type {import('../contestant.ts').OpenContestant} */
export async function open({ workload, dir, redisPort }) {
  const { steps, atOnce } = workload
  const { input, step, check } = workOf(workload)
  const connection = { host: '127.0.0.1', port: redisPort, maxRetriesPerRequest: null }
  // Workers in other Node processes of the same contestant take from the same queue.
  const name = basename(dir)
  const queue = new Queue(name, { connection })
  const events = new QueueEvents(name, { connection })
  const worker = new Worker(
    name,
    async job => {
      let data = job.data
      while (data.n < steps) {
        data = step(data)
        if (data.n < steps) await job.updateData(data)
      }
      return data
    },
    { connection, concurrency: atOnce },
  )
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady(), worker.waitUntilReady()])
  const waiting = new Map()
  const early = new Map()
  events.on('completed', ({ jobId, returnvalue }) => {
    const resolve = waiting.get(jobId)
    if (resolve === undefined) return void early.set(jobId, returnvalue)
    waiting.delete(jobId)
    resolve(returnvalue)
  })
  const one = async () => {
    const { id } = await queue.add('bench', input)
    const output = early.has(id) ? early.get(id) : await new Promise(resolve => waiting.set(id, resolve))
    early.delete(id)
    check(typeof output === 'string' ? JSON.parse(output) : output)
  }
  return {
    // All at once: the worker takes `atOnce` of them.
    run: async count => void (await Promise.all(Array.from({ length: count }, one))),
    async close() {
      await worker.close()
      await events.close()
      await queue.close()
    },
  }
}
