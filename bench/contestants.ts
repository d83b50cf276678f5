import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { assign, createActor, fromPromise, setup } from 'xstate'
import { createRuntime, defineProcess, lowdbStore, typed, type RuntimeOptions, type Store } from 'stepwright'
import { sqliteStore } from 'stepwright/sqlite'
import { memoryStore } from 'stepwright/testing'

export const STEPS = 4

/** Something that runs processes of `STEPS` no-op steps. */
export interface Contestant {
  readonly name: string
  /** Runs one process and checks its output. */
  run(): Promise<void>
  close(): Promise<void>
}

const names = Array.from({ length: STEPS }, (_, index) => `step${index}`)
const noop = async (data: { n: number }) => ({ n: data.n + 1 })

function check(output: { n: number }): void {
  if (output.n !== STEPS) throw new Error(`Wrong output: ${JSON.stringify(output)}`)
}

export async function plainLoop(): Promise<Contestant> {
  return {
    name: 'plain async loop',
    async run() {
      let data = { n: 0 }
      for (let index = 0; index < STEPS; index++) data = await noop(data)
      check(data)
    },
    close: async () => {},
  }
}

/** The same chart by hand, nothing stored. */
export async function bareXState(): Promise<Contestant> {
  const work = fromPromise<{ n: number }, { data: { n: number } }>(({ input }) => noop(input.data))
  const states = Object.fromEntries(
    names.map((name, index) => [
      name,
      {
        invoke: {
          id: name,
          src: name,
          input: ({ context }: { context: { data: { n: number } } }) => ({ data: context.data }),
          onDone: {
            target: names[index + 1] ?? '#bare.finished',
            actions: assign({ data: ({ event }: { event: { output: { n: number } } }) => event.output }),
          },
          onError: { target: '#bare.error' },
        },
      },
    ]),
  )
  const machine = setup({ actors: Object.fromEntries(names.map(name => [name, work])) }).createMachine({
    id: 'bare',
    initial: 'pending',
    context: { data: { n: 0 } },
    states: {
      pending: { on: { START: 'running' } },
      running: { initial: names[0], states },
      finished: { type: 'final' },
      error: { type: 'final' },
    },
    output: ({ context }: { context: { data: { n: number } } }) => context.data,
  } as never)
  return {
    name: 'bare XState',
    run: () =>
      new Promise((resolve, reject) => {
        const actor = createActor(machine)
        actor.subscribe({
          complete() {
            check(actor.getSnapshot().output as { n: number })
            resolve()
          },
          error: reject,
        })
        actor.start()
        actor.send({ type: 'START' })
      }),
    close: async () => {},
  }
}

export async function stepwright(
  name: string,
  store: Store,
  clean: () => Promise<void>,
  options: Pick<RuntimeOptions, 'recover'> = {},
): Promise<Contestant> {
  let definition = defineProcess({ name: 'bench', input: typed<{ n: number }>() }).step('step0', ({ data }) => noop(data))
  for (const step of names.slice(1)) definition = definition.step(step, ({ data }) => noop(data)) as typeof definition
  const runtime = await createRuntime({ processes: [definition], store, concurrency: 1_000, ...options })
  return {
    name,
    run: async () => check(await (await runtime.start(definition, { n: 0 })).result()),
    async close() {
      await runtime.close()
      await clean()
    },
  }
}

export const onMemoryStore = (): Promise<Contestant> => stepwright('stepwright, memoryStore', memoryStore(), async () => {})

/** Beside the bench, so that it is the disk that is measured and not a file system in memory. */
async function onDisk(name: string, makeStore: (dir: string) => Store): Promise<Contestant> {
  const dir = await mkdtemp(join(import.meta.dirname, '.store-'))
  return stepwright(name, makeStore(dir), () => rm(dir, { recursive: true, force: true }))
}

export const onLowdbStore = (): Promise<Contestant> => onDisk('stepwright, lowdbStore', dir => lowdbStore(dir))

export const onSqliteStore = (): Promise<Contestant> => onDisk('stepwright, sqliteStore', dir => sqliteStore(join(dir, 'store.sqlite')))

export const onSafeSqliteStore = (): Promise<Contestant> =>
  onDisk("stepwright, sqliteStore, durability 'power'", dir => sqliteStore(join(dir, 'store.sqlite'), { durability: 'power' }))
