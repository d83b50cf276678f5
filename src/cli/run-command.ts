import { failure } from './failure.ts'
import type { Io } from './io.ts'
import { createProgram } from './program.ts'

/**
 * Runs the command `stepwright` and resolves with its exit status.
 *
 * @param argv what stands after `stepwright` on the command line
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exitStatus = 0
  const asJson = argv.includes('--json')
  const program = createProgram(io, asJson, status => {
    exitStatus = status
  })
  try {
    // `help` alone would show a command that is not loaded.
    const [first, command, ...more] = argv
    const typed = first === 'help' && command !== undefined && more.length === 0 ? [command, '--help'] : argv
    await program.parseAsync(typed, { from: 'user' })
    return exitStatus
  } catch (thrown) {
    const { status, text } = failure(thrown, asJson)
    if (text !== '') io.stderr.write(text)
    return status
  }
}
