// Whatever way the script ends, nothing that it started or made stays behind.
const undoings: (() => void)[] = []

/** Called, last first, when this process exits: after Ctrl-C as well. Must be synchronous. */
export function atExit(undo: () => void): void {
  if (undoings.push(undo) > 1) return
  process.on('exit', () => {
    for (const undo of undoings.toReversed()) undo()
  })
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const)
    process.on(signal, () => process.exit(128 + number))
}
