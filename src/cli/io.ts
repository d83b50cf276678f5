import type { Writable } from 'node:stream'

/** A stream to print to. What a terminal has besides is optional. */
export interface Output extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  hasColors?(env?: object): boolean
}

/** What the command line uses of its surroundings: streams, variables, the clock, signals. */
export interface Io {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** Epoch milliseconds. */
  readonly now: () => number
  /**
   * Aborts with an `Interrupted` on Ctrl-C, SIGTERM, and when nobody reads stdout any more. Who
   * asks for it takes on to end soon then; a command that never asks is ended by the system, as
   * usual.
   */
  readonly interrupted: () => AbortSignal
  /** Asks a question and resolves with the answer; `undefined` if there is nobody to ask. */
  readonly ask: ((question: string) => Promise<string>) | undefined
}

/** The user or the system wants the command to end. There is nothing to report. */
export class Interrupted extends Error {
  override name = 'Interrupted'
  readonly exitStatus: number
  constructor(exitStatus: number) {
    super('interrupted')
    this.exitStatus = exitStatus
  }
}

/** 128 + the signal's number: what a shell shows for a program that a signal ended. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const
const SIGPIPE = 141

async function askOnTerminal(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises')
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const closed = new Promise<string>(resolve => terminal.once('close', () => resolve('')))
  try {
    return await Promise.race([terminal.question(question), closed])
  } finally {
    terminal.close()
  }
}

/** The terminal or pipes that this Node process has. */
export function processIo(): Io {
  const interruption = new AbortController()
  let listening = false
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // `stepwright list | head -1`: the reader has what it wanted.
      if (error.code !== 'EPIPE') throw error
      interruption.abort(new Interrupted(SIGPIPE))
    })
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    now: () => Date.now(),
    ask: process.stdin.isTTY && process.stdout.isTTY ? askOnTerminal : undefined,
    interrupted() {
      if (!listening)
        for (const [signal, status] of Object.entries(SIGNALS))
          process.once(signal, () => interruption.abort(new Interrupted(status)))
      listening = true
      return interruption.signal
    },
  }
}
