import type { Command } from 'commander'
import { backupStore } from '../../store/backup-store.ts'
import { copiedLine, copying } from '../copying.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('<to>', 'an empty store, which is created: a directory, a file that ends in .sqlite, or postgres://...')
    .addHelpText(
      'after',
      `
The hosts of the store go on meanwhile. Each process is copied as it is when its turn comes, with its history, log,
stream, labels and key; one that begins during the backup may be left out. To restore, close the hosts of the damaged
store, and copy the backup to a new one with \`stepwright copy\`, or let the hosts open the backup itself.
Exit status: 0 all are copied, 2 some or all are not.

Example:
  $ stepwright backup backups/$(date +%F)`,
    )
    .action(act(backup))
}

async function backup({ io, path }: Tools, to: string): Promise<number> {
  return copying(io, path, to, async (source, target, options) =>
    copiedLine(await backupStore(source, target, options)),
  )
}
