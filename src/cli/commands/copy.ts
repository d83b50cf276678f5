import type { Command } from 'commander'
import { storeAt } from '../../client/store-at.ts'
import { StepwrightError } from '../../errors.ts'
import { copyStore } from '../../store/copy-store.ts'
import { FAILED, UsageError } from '../failure.ts'
import { printableLines } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('<from>', 'a store: a directory, a file that ends in .sqlite, .sqlite3 or .db, or postgres://...')
    .argument('<to>', 'another store, which is created if needed')
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

async function copy({ io }: Tools, from: string, to: string): Promise<number> {
  if (from === '' || to === '') throw new UsageError('A store is named by its path, which is empty here')
  const [source, target] = [storeAt(from), storeAt(to)]
  if (source.location === target.location) throw new UsageError(`Both are the same store: ${source.location}`)
  let left = 0
  try {
    const { copied, present } = await copyStore(source, target, {
      onCorrupt({ error }) {
        left += 1
        io.stderr.write(`stepwright: ${printableLines(error.message).join('\n')}\n`)
      },
    })
    const others = [present > 0 && `${present} were there already`, left > 0 && `${left} could not be read`].filter(
      text => text !== false,
    )
    io.stdout.write(`${[`${copied} ${copied === 1 ? 'process' : 'processes'} copied`, ...others].join(', ')}\n`)
  } catch (error) {
    // Without the hint about --store, which has no effect on this command.
    if (error instanceof StepwrightError && error.code === 'ERR_STORE_MISSING') throw new UsageError(error.message)
    throw error
  } finally {
    await Promise.all([source.close(), target.close()])
  }
  return left > 0 ? FAILED : 0
}
