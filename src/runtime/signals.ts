/**
 * Closes before the process goes down: at the first of `signals` calls `close`, and lets the signal
 * do what it would have done when that is over. A second one does it at once. Returns a function
 * that forgets all about it.
 */
export function closeOnSignals(signals: readonly NodeJS.Signals[], close: () => Promise<void>): () => void {
  const forget = (): void => {
    for (const signal of signals) process.off(signal, onSignal)
  }
  const onSignal = (signal: NodeJS.Signals): void => {
    forget()
    void close()
      .catch((error: unknown) =>
        process.emitWarning(
          `The runtime could not be closed: ${error instanceof Error ? error.message : String(error)}`,
        ),
      )
      .finally(() => process.kill(process.pid, signal))
  }
  for (const signal of signals) process.on(signal, onSignal)
  return forget
}
