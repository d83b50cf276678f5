import type { Command } from 'commander'
import type { Client } from '../client/client.ts'
import { UsageError } from './failure.ts'
import type { Io } from './io.ts'

export const DEFAULT_STORE = '.stepwright'

/** What every command receives before its arguments and options. */
export interface Tools {
  readonly io: Io
  readonly client: Client
  /** Of the store. */
  readonly path: string
}

/** Turns a function that resolves with the exit status into an action for commander. */
export type Act = <Args extends unknown[]>(
  work: (tools: Tools, ...args: Args) => Promise<number>,
) => (...args: [...Args, Command]) => Promise<void>

function storeOf(command: Command, env: Io['env']): string {
  const { store } = command.optsWithGlobals<{ store?: string }>()
  if (store === '') throw new UsageError('--store is empty: give the path of a store')
  return store ?? (env['STEPWRIGHT_STORE'] || DEFAULT_STORE)
}

/** Makes actions that work on the store which the command line or the environment names. */
export function withClient(io: Io, ended: (status: number) => void): Act {
  return <Args extends unknown[]>(work: (tools: Tools, ...args: Args) => Promise<number>) =>
    async (...given: [...Args, Command]) => {
      const command = given.at(-1) as Command
      const args = given.slice(0, -1) as unknown[] as Args
      const path = storeOf(command, io.env)
      const { openClient } = await import('../client/open-client.ts')
      const client = openClient(path)
      try {
        ended(await work({ io, client, path }, ...args))
      } finally {
        await client.close()
      }
    }
}
