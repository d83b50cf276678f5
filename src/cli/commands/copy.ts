import type { Command } from 'commander'
import { StepwrightError } from '../../errors.ts'
import { copyStore } from '../../store/copy-store.ts'
import { copiedLine, copying } from '../copying.ts'
import { UsageError } from '../failure.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('<from>', 'a store: a directory, a file that ends in .sqlite, .sqlite3 or .db, or postgres://...')
    .argument('<to>', 'another store, which is created if needed')
    .option('--ended-only', 'leave out what has not ended; then hosts may be open')
    .addHelpText(
      'after',
      `
Histories, logs, streams, labels and keys are copied too, and charts, schedules, pauses and commands that wait. First
close the programs that use either store. Processes that have not ended go on with the next host of <to>. <from> stays
as it is: let no host open it any more. If a copy is interrupted, run it again: it continues where it was.
Exit status: 0 all are copied, 2 some or all are not.

Examples:
  $ stepwright copy .stepwright processes.sqlite
  $ stepwright copy processes.sqlite .stepwright`,
    )
    .action(act(copy))
}

async function copy({ io }: Tools, from: string, to: string, { endedOnly }: { endedOnly?: true }): Promise<number> {
  try {
    return await copying(io, from, to, async (source, target, options) => {
      const { copied, present } = await copyStore(source, target, { ...options, endedOnly })
      return present > 0 ? `${copiedLine(copied)}, ${present} were there already` : copiedLine(copied)
    })
  } catch (error) {
    // Without the hint about --store, which has no effect on this command.
    if (error instanceof StepwrightError && error.code === 'ERR_STORE_MISSING') throw new UsageError(error.message)
    throw error
  }
}
