import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'

/**
 * A program in `test/hosts`, as a Node process of its own that sends one message. Killed when the
 * test ends.
 */
export async function start<T>(
  t: ExecutionContext,
  program: string,
  ...args: string[]
): Promise<{ child: ChildProcess; message: T }> {
  const child = fork(fileURLToPath(new URL(`../hosts/${program}`, import.meta.url)), args, {
    execArgv: ['--conditions=@stepwright/source', '--no-warnings'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`${program} ended with ${code} before it said anything`)
  })
  const [message] = (await Promise.race([once(child, 'message'), gone])) as [T]
  return { child, message }
}

export async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

export interface Outcome {
  readonly outcome: string
  readonly ms: number
}

/** Steers from a Node process of its own, all at once: an outcome a wish. */
export async function steer<const Wishes extends readonly (readonly [verb: string, ...args: unknown[]])[]>(
  t: ExecutionContext,
  dir: string,
  wishes: Wishes,
): Promise<{ readonly [Index in keyof Wishes]: Outcome }> {
  return (await start<{ readonly [Index in keyof Wishes]: Outcome }>(t, 'steerer.ts', dir, JSON.stringify(wishes)))
    .message
}
