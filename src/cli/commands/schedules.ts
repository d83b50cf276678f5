import type { Command } from 'commander'
import type { ScheduleInfo } from '../../index.ts'
import { UsageError } from '../failure.ts'
import { printable, printableJson } from '../printable.ts'
import { table } from '../render/table.ts'
import { relative } from '../render/time.ts'
import { viewOf } from '../screen.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .argument('[run]', '`run` starts a process of a schedule now, and prints its pid')
    .argument('[name]', 'the name of the schedule to run')
    .option('--json', 'print a JSON array with everything about each of them; of `run`, {"pid"}')
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright schedules
  $ stepwright watch $(stepwright schedules run nightly-report)
  $ stepwright schedules --json | jq -r '.[] | .name + " " + .next'`,
    )
    .action(act(schedules))
}

interface Flags {
  readonly json?: true
}

async function schedules(tools: Tools, run: string | undefined, name: string | undefined, flags: Flags) {
  if (run === undefined) return list(tools, flags)
  if (run !== 'run' || name === undefined)
    throw new UsageError('schedules takes nothing, or `run` and the name of a schedule')
  const pid = await tools.client.runSchedule(name)
  tools.io.stdout.write(`${flags.json ? printableJson({ pid }) : pid}\n`)
  return 0
}

async function list({ io, client }: Tools, { json }: Flags): Promise<number> {
  const found = (await client.schedules()).toSorted((a, b) => ((a.next ?? '~') < (b.next ?? '~') ? -1 : 1))
  const view = viewOf(io)
  const next = ({ next: at, paused }: ScheduleInfo): string => {
    if (paused) return 'paused'
    if (at === undefined) return 'never again'
    return Date.parse(at) < view.now
      ? `${printable(at)} (overdue: no host)`
      : `${printable(at)} (${relative(at, view.now)})`
  }
  if (json) io.stdout.write(`${printableJson(found, 2)}\n`)
  else if (found.length === 0)
    io.stderr.write('stepwright: no process has a schedule: give its definition one with `schedule`\n')
  else
    io.stdout.write(
      `${table<ScheduleInfo>(
        [
          { title: 'NAME', cell: ({ name }) => printable(name) },
          { title: 'SCHEDULE', cell: ({ schedule }) => printable(schedule) },
          { title: 'ZONE', cell: ({ timeZone = '' }) => printable(timeZone), dispensable: true },
          { title: 'NEXT', cell: next },
          { title: 'MISSED', cell: ({ missed }) => printable(missed), dispensable: true },
        ],
        found,
        view,
      ).join('\n')}\n`,
    )
  return 0
}
