import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addAdopt } from './commands/adopt.ts'
import { addCancel } from './commands/cancel.ts'
import { addCheck } from './commands/check.ts'
import { addFork } from './commands/fork.ts'
import { addGc } from './commands/gc.ts'
import { addHistory } from './commands/history.ts'
import { addHosts } from './commands/hosts.ts'
import { addCopy } from './commands/copy.ts'
import { addDashboard } from './commands/dashboard.ts'
import { addDiagram } from './commands/diagram.ts'
import { addInspect } from './commands/inspect.ts'
import { addList } from './commands/list.ts'
import { addLogs } from './commands/logs.ts'
import { addProceed } from './commands/proceed.ts'
import { addResult } from './commands/result.ts'
import { addRun } from './commands/run.ts'
import { addSchedules } from './commands/schedules.ts'
import { addSend } from './commands/send.ts'
import { addShow } from './commands/show.ts'
import { addSubmit } from './commands/submit.ts'
import { addWatch } from './commands/watch.ts'
import { addWork } from './commands/work.ts'
import type { Io } from './io.ts'
import { printableLines } from './printable.ts'
import { hasColours, widthOf } from './screen.ts'
import { DEFAULT_STORE, withClient } from './with-client.ts'

/** Files of commands, in the order in which `--help` shows them. */
const COMMANDS = [
  addList,
  addShow,
  addWatch,
  addResult,
  addLogs,
  addHistory,
  addDiagram,
  addInspect,
  addDashboard,
  addCancel,
  addProceed,
  addSend,
  addFork,
  addSubmit,
  addRun,
  addWork,
  addCheck,
  addSchedules,
  addHosts,
  addAdopt,
  addCopy,
  addGc,
]

const HELP = `
A pid may be shortened to any beginning that only one process has.

Exit status: 0 done, 1 the watched process ended but did not finish, 2 wrong use or it could not be done.
Colours appear on terminals only; set NO_COLOR to have none.

Examples:
  $ stepwright list --status running --status error
  $ stepwright watch aou70
  $ stepwright cancel aou70 'no longer wanted'
  $ stepwright show aou70 --json | jq .output
  $ stepwright --store /var/lib/app/.stepwright list --label user=42`

const versionOfPackage = (): string => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return version
}

/** @param ended told of the exit status of the command that ran */
export function createProgram(io: Io, ended: (status: number) => void): Command {
  const { stdout, stderr } = io
  const program = new Command('stepwright')
    .description('See and steer background processes, through the store they live in.')
    .option('--store <path>', `the store: a directory, or a .sqlite file (default: STEPWRIGHT_STORE, or ${DEFAULT_STORE})`)
    .version(versionOfPackage(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', HELP)
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: text => void stdout.write(text),
      writeErr: text => void stderr.write(text),
      // Quotes what was typed.
      outputError: (text, write) => write(printableLines(text).join('\n')),
      getOutHelpWidth: () => Math.min(widthOf(stdout), 100),
      getErrHelpWidth: () => Math.min(widthOf(stderr), 100),
      getOutHasColors: () => hasColours(stdout, io.env),
      getErrHasColors: () => hasColours(stderr, io.env),
    })
  for (const add of COMMANDS) add(program, withClient(io, ended))
  return program
}
