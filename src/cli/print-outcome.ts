import type { Steered } from '../index.ts'
import { printableJson } from './printable.ts'
import type { Tools } from './with-client.ts'

/** Prints what has become of a command for a process. */
export function printOutcome({ io }: Tools, pid: string, outcome: Steered, json: true | undefined): number {
  if (json) io.stdout.write(`${printableJson({ pid, outcome })}\n`)
  else
    io.stdout.write(
      outcome === 'taken'
        ? `${pid} taken\n`
        : `${pid} kept: no living host has the process; the next host that adopts it does this first\n`,
    )
  return 0
}
