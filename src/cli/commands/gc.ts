import type { Command } from 'commander'
import { StepwrightError } from '../../errors.ts'
import { toDuration } from '../option-values.ts'
import { printableJson } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

const DEFAULT_AGE_MS = 10 * 3_600_000

interface Flags {
  readonly olderThan?: number
  readonly dryRun?: true
  readonly json?: true
}

export function define(command: Command, act: Act): void {
  command
    .option('--older-than <age>', 'how long ago they ended: 30m, 10h, 7d (default: 10h)', toDuration)
    .option('--dry-run', 'count them, but remove nothing')
    .option('--json', 'print {"removed"} as JSON')
    .addHelpText(
      'after',
      `
A runtime does this by itself (\`retention\`). The command is for stores that no runtime has open.

Examples:
  $ stepwright gc
  $ stepwright gc --older-than 7d --dry-run`,
    )
    .action(act(gc))
}

async function gc({ io, client }: Tools, { olderThan = DEFAULT_AGE_MS, dryRun, json }: Flags): Promise<number> {
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

  /** @returns false if another process has deleted it first */
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
