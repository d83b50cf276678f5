import type { Client } from '../client/client.ts'
import { UsageError } from './failure.ts'
import { printable } from './printable.ts'
import { cut } from './render/text.ts'

/** So many are named when a prefix fits several. */
const SHOWN = 5

/**
 * The pid that begins so.
 * @throws UsageError if there is none, or more than one
 */
export async function findPid(client: Client, prefix: string): Promise<string> {
  if (prefix === '') throw new UsageError('The pid is empty: `stepwright list` shows the pids there are')
  const shown = `'${cut(printable(prefix), 40)}'`
  const found = await client.find(prefix, SHOWN + 1)
  const [pid] = found
  if (pid === undefined)
    throw new UsageError(`No process has the pid ${shown}, or one that begins so: \`stepwright list\` shows those there are`)
  if (found.length === 1) return pid
  const more = found.length > SHOWN ? [...found.slice(0, SHOWN), '...'] : found
  throw new UsageError(`More than one pid begins with ${shown}: give more of it\n${more.map(one => `  ${one}`).join('\n')}`)
}
