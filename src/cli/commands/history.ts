import type { Command } from 'commander'
import type { HistoryEntry } from '../../index.ts'
import { findPid } from '../find-pid.ts'
import { printable, printableJson } from '../printable.ts'
import { changeLine } from '../render/change.ts'
import type { Act, Tools } from '../with-client.ts'

/** The most names of what a step remembers in one line. */
const MAX_NAMES = 5

interface Flags {
  readonly progress?: true
  readonly json?: true
}

export function define(command: Command, act: Act): void {
  command
    .argument('<pid>', 'a pid, or the beginning or end of one')
    .option('--progress', 'print progress reports too')
    .option('--json', 'print each record in full, as a line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright history aou70
  $ stepwright history aou70 --json | jq -r 'select(.event.command) | .event.type'`,
    )
    .action(act(history))
}

async function history({ io, client }: Tools, part: string, { progress, json }: Flags): Promise<number> {
  for (const entry of await client.history(await findPid(client, part))) {
    if (entry.event.type === 'PROGRESS' && !progress) continue
    io.stdout.write(`${json ? printableJson(entry) : line(entry)}\n`)
  }
  return 0
}

/** The event, the step or branch it belongs to, and the state after it. */
function line(entry: HistoryEntry): string {
  const { type, step } = entry.event
  const what = step === undefined ? type : `${type} ${step}`
  const names = (entry.memory ?? []).map(({ name, item }) => (item === undefined ? name : `${item}:${name}`))
  const done = names.length > MAX_NAMES ? [...names.slice(0, MAX_NAMES), `${names.length - MAX_NAMES} more`] : names
  const remembered = done.length === 0 ? '' : ` (${done.join(', ')})`
  return `${entry.revision} ${printable(what + remembered)} ${changeLine(entry).replace(' (host: none)', '')}`
}
