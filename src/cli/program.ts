import { Command } from 'commander'
import { packageVersion } from '../format/package-files.ts'
import { COMMANDS } from './commands.ts'
import type { Io } from './io.ts'
import { printableLines } from './printable.ts'
import { hasColours, widthOf } from './screen.ts'
import { DEFAULT_STORE, withClient, type Act } from './with-client.ts'

const HELP = `
A pid may be shortened to any beginning or end that only one process has.
With --json errors are JSON as well: {"error":{"code","message"}} on stderr.

Exit status: 0 done, 1 the watched process ended but did not finish, 2 wrong use, or it could not be done.
Colours appear on terminals only; set NO_COLOR to have none.

Examples:
  $ stepwright list --status running --status error
  $ stepwright watch aou70
  $ stepwright cancel aou70 --reason 'no longer wanted'
  $ stepwright show aou70 --json | jq .output
  $ stepwright --store /var/lib/app/.stepwright list --label user=42`

/**
 * The command line with the names of all commands. A command gets its arguments and options once it
 * was typed.
 *
 * @param asJson whoever reads errors wants JSON: nothing else is printed of them
 * @param ended told of the exit status of the command that ran
 */
export function createProgram(io: Io, asJson: boolean, ended: (status: number) => void): Command {
  const program = frameOf(io, asJson)
  const act = withClient(io, ended)
  for (const [name, { summary }] of Object.entries(COMMANDS)) program.command(name).description(summary)
  return program.hook('preSubcommand', (_, command) => loadCommand(command, act))
}

/** The command line with the arguments and options of all commands, for documentation. */
export async function createWholeProgram(io: Io): Promise<Command> {
  const program = createProgram(io, false, () => {})
  const act = withClient(io, () => {})
  for (const command of program.commands) await loadCommand(command, act)
  return program
}

/** Gives a command its arguments and options. */
export async function loadCommand(command: Command, act: Act): Promise<void> {
  const file = await COMMANDS[command.name()]!.load()
  file.define(command, act)
}

function frameOf(io: Io, asJson: boolean): Command {
  const { stdout, stderr } = io
  return new Command('stepwright')
    .description('See and steer background processes through their store.')
    .option(
      '--store <path>',
      `the store: a directory, a .sqlite file, or postgres://... (default: STEPWRIGHT_STORE, or ${DEFAULT_STORE})`,
    )
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', HELP)
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: text => void stdout.write(text),
      writeErr: text => void (asJson || stderr.write(text)),
      // Quotes what was typed.
      outputError: (text, write) => write(printableLines(text).join('\n')),
      getOutHelpWidth: () => Math.min(widthOf(stdout), 100),
      getErrHelpWidth: () => Math.min(widthOf(stderr), 100),
      getOutHasColors: () => hasColours(stdout, io.env),
      getErrHasColors: () => hasColours(stderr, io.env),
    })
}
