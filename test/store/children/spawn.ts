import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { ExecutionContext } from 'ava'

/** Starts one of the programs beside this file. */
export function spawn(
  t: ExecutionContext,
  name: string,
  args: readonly string[],
  stdout: 'inherit' | 'pipe' = 'inherit',
): ChildProcess {
  const child = fork(new URL(`${name}.ts`, import.meta.url), args, { stdio: ['ignore', stdout, 'inherit', 'ipc'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** The next message of a child; an error if it ends without. */
export async function told<T>(child: ChildProcess): Promise<T> {
  const [message] = await Promise.race([
    once(child, 'message'),
    // Not 'exit', which may come before the last message.
    once(child, 'disconnect').then(() => {
      throw new Error('It ended without a word')
    }),
  ])
  return message as T
}

/** What host.ts says. */
export interface HostTold {
  readonly hostId: string
  readonly pids: string[]
  readonly done: string
}
