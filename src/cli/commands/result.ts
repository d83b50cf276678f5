import type { Command } from 'commander'
import { ProcessError } from '../../errors.ts'
import { findPid } from '../find-pid.ts'
import { printableJson, printableLines } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

const DID_NOT_FINISH = 1

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning of one')
    .addHelpText(
      'after',
      `
Exit status: 0 finished, 1 ended in error, timeout or cancelled (stderr says why), 2 wrong use or it could not be read.

Examples:
  $ stepwright result aou70 | jq .rows
  $ stepwright result $(stepwright submit import-dump --input @input.json)`,
    )
    .action(act(result))
}

async function result({ io, client }: Tools, prefix: string): Promise<number> {
  const pid = await findPid(client, prefix)
  try {
    io.stdout.write(`${printableJson(await client.result(pid, { signal: io.interrupted() }), 2)}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error
    io.stderr.write(`stepwright: ${printableLines(error.message).join('\n')}\n`)
    return DID_NOT_FINISH
  }
}
