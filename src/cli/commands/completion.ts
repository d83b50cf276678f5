import { Argument, type Command } from 'commander'
import { openClient } from '../../client/open-client.ts'
import { candidatesAt } from '../completion/candidates.ts'
import { commandIn, positionOf } from '../completion/position.ts'
import { SCRIPTS, SHELLS } from '../completion/scripts.ts'
import { printable } from '../printable.ts'
import { loadCommand } from '../program.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
    .argument('[words...]', 'the words of a command line, of which the last one is to be completed')
    .addHelpText(
      'after',
      `
It completes commands, options and statuses, and the pids, definitions, labels and hosts of the store.

Examples:
  $ source <(stepwright completion bash)                                       # in ~/.bashrc
  $ source <(stepwright completion zsh)                                        # in ~/.zshrc
  $ stepwright completion fish > ~/.config/fish/completions/stepwright.fish`,
    )
    .action(
      act(async (tools, shell: keyof typeof SCRIPTS, words: readonly string[]) => {
        if (words.length === 0) tools.io.stdout.write(SCRIPTS[shell])
        // An error printed in the middle of a command line would only disturb.
        else await complete(tools, command.parent!, words, act).catch(() => {})
        return 0
      }),
    )
}

async function complete({ io, client }: Tools, program: Command, words: readonly string[], act: Act): Promise<void> {
  const [before, word] = [words.slice(0, -1), words.at(-1)!]
  const name = commandIn(before, program.options)
  const command = program.commands.find(one => one.name() === name)
  if (command && command.name() !== 'completion') await loadCommand(command, act)
  const at = before.lastIndexOf('--store')
  const store = at === -1 ? client : openClient(before[at + 1])
  const position = positionOf(before, word, program.options, command)
  for (const { value, description = '' } of await candidatesAt(position, program, command, store))
    if (value.startsWith(word) && printable(value) === value) io.stdout.write(`${value}\t${printable(description)}\n`)
}
