import type { Command } from 'commander'
import type { StreamPart, StreamReset } from '../../client/read-stream.ts'
import { findPid } from '../find-pid.ts'
import { toCount } from '../option-values.ts'
import { printable, printableJson, printableLines } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly from?: number
  readonly json?: true
}

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning or end of one')
    .option('--from <offset>', 'begin with this offset', toCount)
    .option('--json', 'print each chunk as a line of JSON, with its offset')
    .addHelpText(
      'after',
      `
Texts are printed as they were written, other chunks as a line of JSON each. Follows until the process has ended.

Examples:
  $ stepwright stream aou70
  $ stepwright stream aou70 --json --from 2001`,
    )
    .action(act(stream))
}

async function stream({ io, client }: Tools, part: string, { from = 0, json }: Flags): Promise<number> {
  const pid = await findPid(client, part)
  for await (const one of client.stream(pid, { from })) {
    if (json) io.stdout.write(`${printableJson(one)}\n`)
    else if (one.reset) io.stderr.write(`\n${printable(news(one))}\n`)
    else io.stdout.write(text(one))
  }
  return 0
}

const news = ({ step, item, once, attempt }: StreamReset): string =>
  `[${step}${item === undefined ? '' : `, item ${item}`}${once === undefined ? '' : `, ${once}`} begins anew, in attempt ${attempt}]`

const text = ({ chunk }: StreamPart): string =>
  typeof chunk === 'string' ? printableLines(chunk).join('\n') : `${printableJson(chunk)}\n`
