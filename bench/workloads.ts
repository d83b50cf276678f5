/** What every contestant does in the same run. */
export interface Workload {
  readonly name: string
  readonly about: string
  readonly steps: number
  /** Bytes of text in the input of a process, and in the output of each step. */
  readonly inputBytes: number
  readonly outputBytes: number
  /** In a round, and how many of them at once. A contestant that would take too long gets fewer. */
  readonly processes: number
  readonly atOnce: number
  readonly rounds: number
  /** Each store also with two hosts. */
  readonly hosts?: 2
  /** The number of processes is the point: who cannot do that many in a few seconds is left out. */
  readonly all?: true
}

const small = { steps: 4, inputBytes: 0, outputBytes: 0, processes: 5_000, atOnce: 100, rounds: 5 }

export const WORKLOADS: readonly Workload[] = [
  { ...small, name: '4-steps', about: '4 steps that do nothing' },
  { ...small, name: '32-steps', about: '32 steps that do nothing', steps: 32, processes: 600 },
  {
    ...small,
    name: '10kB',
    about: '4 steps, 10 kB of data each',
    inputBytes: 10_000,
    outputBytes: 10_000,
    processes: 1_500,
  },
  {
    ...small,
    name: '1MB',
    about: '4 steps, 1 MB of data each',
    inputBytes: 1e6,
    outputBytes: 1e6,
    processes: 40,
    atOnce: 20,
    rounds: 3,
  },
  {
    ...small,
    name: 'alive',
    about: '4 steps, 10,000 processes alive at once',
    processes: 10_000,
    atOnce: 10_000,
    rounds: 3,
    all: true,
  },
  {
    ...small,
    name: 'two-hosts',
    about: '4 steps that do nothing, on one host and on two hosts of one store',
    processes: 6_000,
    hosts: 2,
  },
  {
    ...small,
    name: 'input',
    about: '32 steps, 100 kB of input, outputs of 1 kB',
    steps: 32,
    inputBytes: 100_000,
    outputBytes: 1_000,
    processes: 150,
    rounds: 3,
  },
]

export interface Data {
  readonly n: number
  readonly text?: string
}

export interface Work {
  readonly input: Data
  /** What each step does. Its output is never the text of the one before. */
  step(data: Data): Data
  /** @throws if a step was left out or done twice */
  check(output: unknown): void
}

let last: number | undefined
let latencies: number[] | undefined

export function workOf({
  steps,
  inputBytes,
  outputBytes,
}: Pick<Workload, 'steps' | 'inputBytes' | 'outputBytes'>): Work {
  const letters = 'abcdefghijklmnopqrstuvwxyz'
  const texts = Array.from({ length: steps }, (_, n) =>
    outputBytes === 0 ? undefined : letters.charAt(n % 26).repeat(outputBytes),
  )
  return {
    input: inputBytes === 0 ? { n: 0 } : { n: 0, text: 'input'.repeat(inputBytes / 5) },
    step({ n }) {
      if (latencies !== undefined) tick(latencies, n)
      const text = texts[n]
      return text === undefined ? { n: n + 1 } : { n: n + 1, text }
    },
    check(output) {
      if ((output as Data | undefined)?.n !== steps)
        throw new Error(`Wrong output: ${JSON.stringify(output)?.slice(0, 200)}`)
    },
  }
}

/** Of one process at a time: from the beginning of one step to that of the next. */
function tick(into: number[], n: number): void {
  const now = performance.now()
  if (n > 0 && last !== undefined) into.push(now - last)
  last = now
}

/** The latencies of steps during `run`, in milliseconds. */
export async function latenciesDuring(run: () => Promise<void>): Promise<number[]> {
  const found: number[] = []
  latencies = found
  await run()
  latencies = undefined
  return found
}
