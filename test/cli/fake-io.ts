import { PassThrough } from 'node:stream'
import type { Io } from '../../src/cli/io.ts'
import { run } from '../../src/cli/run-command.ts'
import { NOW } from './infos.ts'

interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

interface Captured {
  readonly io: Io
  readonly interrupt: (reason: Error) => void
  stdout(): string
  stderr(): string
}

export function fakeIo({
  terminal = {},
  env = {},
  now = () => NOW,
  ask,
}: { terminal?: Terminal; env?: Io['env']; now?: () => number; ask?: Io['ask'] } = {}): Captured {
  const interruption = new AbortController()
  const out = Object.assign(new PassThrough(), terminal)
  const err = new PassThrough()
  const texts = { stdout: '', stderr: '' }
  out.on('data', (chunk: Buffer) => {
    texts.stdout += chunk.toString()
  })
  err.on('data', (chunk: Buffer) => {
    texts.stderr += chunk.toString()
  })
  return {
    io: { stdout: out, stderr: err, env, now, ask, interrupted: () => interruption.signal },
    interrupt: reason => interruption.abort(reason),
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
  }
}

/** Runs the command in this process. */
export async function runCli(argv: readonly string[], options?: Parameters<typeof fakeIo>[0]) {
  const captured = fakeIo(options)
  const status = await run(argv, captured.io)
  return { status, stdout: captured.stdout(), stderr: captured.stderr() }
}
