// npm run simulate -- --seed 42          what a seed gives, line by line
// npm run simulate -- --seeds 1000       many seeds, in as many processes as there are processors; --from 5000: others; --only 7: those
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { simulations, type Run } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', multiple: true },
    only: { type: 'string', multiple: true },
    seeds: { type: 'string', default: '1000' },
    'until-violation': { type: 'boolean', default: false },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(Math.min(os.availableParallelism(), 8)) },
  },
})

async function printTraces(seeds: readonly number[]): Promise<void> {
  for await (const { trace, violations } of simulations(seeds)) {
    console.log(trace.join('\n'))
    if (violations.length > 0) process.exitCode = 1
  }
}

const sums: Record<string, number> = {}

function report({ seed, violations, figures }: Omit<Run, 'trace'>): void {
  for (const [name, figure] of Object.entries(figures)) sums[name] = (sums[name] ?? 0) + figure
  if (violations.length === 0) return
  process.exitCode = 1
  console.log(`seed ${seed}:\n  ${violations.join('\n  ')}\n  again: npm run simulate -- --seed ${seed}`)
}

async function inOneJob(seeds: readonly number[]): Promise<void> {
  for await (const { trace: _, ...run } of simulations(seeds)) process.send?.(run)
}

async function inJobs(seeds: readonly number[], jobs: number): Promise<void> {
  const begun = performance.now()
  const children: ChildProcess[] = []
  const exits = Array.from({ length: Math.min(jobs, seeds.length) }, async (_unused, job) => {
    const own = seeds.filter((_seed, index) => index % jobs === job)
    const child = fork(
      import.meta.filename,
      own.flatMap(seed => ['--seed', String(seed)]),
      { env: { ...process.env, SIMULATE_JOB: '1' } },
    )
    children.push(child)
    child.on('message', message => {
      report(message as Run)
      if (values['until-violation'] && process.exitCode === 1) for (const one of children) one.kill('SIGKILL')
    })
    const [status] = (await once(child, 'exit')) as [number | null]
    if (status !== 0) process.exitCode = 1
  })
  await Promise.all(exits)
  console.log(`${seeds.length} seeds in ${((performance.now() - begun) / 1000).toFixed(1)} s: ${JSON.stringify(sums)}`)
}

if (process.env['SIMULATE_JOB'] !== undefined) await inOneJob(values.seed!.map(Number))
else if (values.seed !== undefined) await printTraces(values.seed.map(Number))
else
  await inJobs(
    values.only?.map(Number) ?? Array.from({ length: Number(values.seeds) }, (_, index) => Number(values.from) + index),
    Number(values.jobs),
  )
