import type { Command } from 'commander'
import { ProcessError } from '../../errors.ts'
import { failure, UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { toDuration } from '../option-values.ts'
import { printableJson } from '../printable.ts'
import { span } from '../render/time.ts'
import type { Act, Tools } from '../with-client.ts'

const DID_NOT_FINISH = 1

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning or end of one')
    .option('--timeout <duration>', 'how long to wait at most: 30s, 5m, 10h', toDuration)
    .option('--json', 'print errors as JSON too; the output always is')
    .addHelpText(
      'after',
      `
Exit status: 0 finished, 1 ended in error, timeout or cancelled (stderr says why), 2 wrong use, not readable,
or not ended in time.

Examples:
  $ stepwright result aou70 --timeout 5m | jq .rows
  $ stepwright result $(stepwright submit import-dump --input @input.json)`,
    )
    .action(act(result))
}

async function result(
  { io, client }: Tools,
  part: string,
  { timeout, json }: { timeout?: number; json?: true },
): Promise<number> {
  const pid = await findPid(client, part)
  const late = timeout === undefined ? undefined : AbortSignal.timeout(timeout)
  const signal = late ? AbortSignal.any([io.interrupted(), late]) : io.interrupted()
  try {
    io.stdout.write(`${printableJson(await client.result(pid, { signal }), 2)}\n`)
    return 0
  } catch (error) {
    if (error === late?.reason)
      throw new UsageError(`Process ${pid} has not ended within ${span(timeout!)}: it continues`)
    if (!(error instanceof ProcessError)) throw error
    io.stderr.write(failure(error, json).text)
    return DID_NOT_FINISH
  }
}
