import type { Steered } from '../index.ts'
import { printableJson } from './printable.ts'
import type { Tools } from './with-client.ts'

/**
 * What waits for a process since before a cancel that waits too: it is done first.
 */
export async function contradicted({ client }: Tools, pid: string, outcome: Steered): Promise<string | undefined> {
  if (outcome !== 'kept') return undefined
  const { pendingCommands = [] } = (await client.get(pid)) ?? {}
  const before = pendingCommands.filter(({ type }) => type !== 'cancel').map(({ type }) => type)
  if (before.length === 0) return undefined
  return `stepwright: ${before.join(', ')} waits since before and is done first: \`stepwright withdraw ${pid} <id>\` takes it back\n`
}

/** Prints what has become of a command for a process. */
export function printOutcome({ io }: Tools, pid: string, outcome: Steered, json: true | undefined): number {
  if (json) io.stdout.write(`${printableJson({ pid, outcome })}\n`)
  else
    io.stdout.write(
      outcome === 'taken'
        ? `${pid} taken\n`
        : `${pid} kept: no living host has the process; the next host that adopts it does this first\n`,
    )
  return 0
}
