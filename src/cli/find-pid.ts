import type { Client } from '../client/client.ts'
import { UsageError } from './failure.ts'
import { printable } from './printable.ts'
import { cut } from './render/text.ts'

/** How many pids to name when several fit. */
const SHOWN = 5

/**
 * The pid that begins so; or, if none does, the one that ends so.
 * @throws UsageError if there is none, or more than one
 */
export async function findPid(client: Client, part: string): Promise<string> {
  if (part === '') throw new UsageError('The pid is empty: `stepwright list` shows all pids')
  const shown = `'${cut(printable(part), 40)}'`
  const begin = await client.find(part, SHOWN + 1)
  const found = begin.length > 0 ? begin : await endIn(client, part)
  const [pid] = found
  if (pid === undefined)
    throw new UsageError(
      `No process has the pid ${shown}, or one that begins or ends so: \`stepwright list\` shows all pids`,
    )
  if (found.length === 1) return pid
  const more = found.length > SHOWN ? [...found.slice(0, SHOWN), '...'] : found
  throw new UsageError(
    `More than one pid ${begin.length > 0 ? 'begins' : 'ends'} with ${shown}: give more of it\n${more.map(one => `  ${one}`).join('\n')}`,
  )
}

const END = /^[0-9a-z]{4,20}$/

/** Reads all pids, since no store has an index of their ends. */
async function endIn(client: Client, part: string): Promise<string[]> {
  if (!END.test(part)) return []
  const pids = await client.find('', Infinity)
  return pids.filter(pid => pid.endsWith(part)).slice(0, SHOWN + 1)
}
