import { InvalidArgumentError, type Command } from 'commander'
import { StepwrightError } from '../../errors.ts'
import { printableJson } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

const HOUR_MS = 3_600_000
const UNITS = { m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS } as const

interface Flags {
  readonly olderThan: number
  readonly dryRun?: true
  readonly json?: true
}

function toMs(value: string): number {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(value) ?? []
  if (count === undefined) throw new InvalidArgumentError("It has the form '30m', '10h' or '7d'.")
  return Number(count) * UNITS[unit as keyof typeof UNITS]
}

export function define(command: Command, act: Act): void {
  command
    .option('--older-than <age>', 'ended so long ago: 30m, 10h, 7d', toMs, 10 * HOUR_MS)
    .option('--dry-run', 'only tell how many there are')
    .option('--json', 'print {"removed"} as JSON')
    .addHelpText(
      'after',
      `
A runtime does this by itself (\`retention\`); this is for stores that no runtime has open.

Examples:
  $ stepwright gc
  $ stepwright gc --older-than 7d --dry-run`,
    )
    .action(act(gc))
}

async function gc({ io, client }: Tools, { olderThan, dryRun, json }: Flags): Promise<number> {
  let removed = 0
  for await (const { pid, endedAt } of client.list({ status: ['finished', 'error', 'timeout', 'cancelled'] })) {
    if (endedAt === undefined || io.now() - Date.parse(endedAt) < olderThan) continue
    if (dryRun || (await remove(pid))) removed += 1
  }
  io.stdout.write(
    json
      ? `${printableJson({ removed })}\n`
      : `${removed} ${removed === 1 ? 'process' : 'processes'} ${dryRun ? 'would be removed' : 'removed'}\n`,
  )
  return 0

  /** @returns false if somebody else was faster */
  async function remove(pid: string): Promise<boolean> {
    try {
      await client.delete(pid)
      return true
    } catch (error) {
      if (error instanceof StepwrightError && error.code === 'ERR_UNKNOWN_PROCESS') return false
      throw error
    }
  }
}
