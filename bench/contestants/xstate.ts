import fs from 'node:fs'
import { join } from 'node:path'
import { assign, createActor, fromPromise, setup, type AnyActor } from 'xstate'
import { inTurn, type Contestant, type OpenContestant } from '../contestant.ts'
import { workOf, type Data, type Work } from '../workloads.ts'

/** The same chart by hand. */
function chart(steps: number, { input, step }: Work) {
  const names = Array.from({ length: steps }, (_, n) => `step${n}`)
  const work = fromPromise<Data, { data: Data }>(async ({ input }) => step(input.data))
  const states = names.map((name, n) => [
    name,
    {
      invoke: {
        id: name,
        src: name,
        input: ({ context }: { context: { data: Data } }) => ({ data: context.data }),
        onDone: {
          target: names[n + 1] ?? '#bare.finished',
          actions: assign({ data: ({ event }: { event: { output: Data } }) => event.output }),
        },
        onError: { target: '#bare.error' },
      },
    },
  ])
  return setup({ actors: Object.fromEntries(names.map(name => [name, work])) }).createMachine({
    id: 'bare',
    initial: 'pending',
    context: { data: input },
    states: {
      pending: { on: { START: 'running' } },
      running: { initial: names[0], states: Object.fromEntries(states) as object },
      finished: { type: 'final' },
      error: { type: 'final' },
    },
    output: ({ context }: { context: { data: Data } }) => context.data,
  } as never)
}

const contestant =
  (keep: ((dir: string) => (actor: AnyActor) => void) | undefined): OpenContestant =>
  async ({ workload, dir }): Promise<Contestant> => {
    const work = workOf(workload)
    const machine = chart(workload.steps, work)
    const onTransition = keep?.(dir)
    const one = () =>
      new Promise<void>((resolve, reject) => {
        const actor = createActor(machine)
        actor.subscribe({
          next() {
            onTransition?.(actor)
          },
          complete() {
            work.check(actor.getSnapshot().output)
            resolve()
          },
          error: reject,
        })
        actor.start()
        actor.send({ type: 'START' })
      })
    return { run: inTurn(one), close: async () => {} }
  }

/** Nothing is kept. */
export const bare = contestant(undefined)

/** The snapshot becomes JSON at every transition. */
export const json = contestant(() => actor => void JSON.stringify(actor.getPersistedSnapshot()))

/** And that is appended to one file for all processes: no store that keeps it can be faster. */
export const append = contestant(dir => {
  const fd = fs.openSync(join(dir, 'log.jsonl'), 'a')
  return actor => void fs.writeSync(fd, `${JSON.stringify(actor.getPersistedSnapshot())}\n`)
})
