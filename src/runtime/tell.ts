/** Calls code that is only told something: what it throws, or its promise rejects with, becomes a warning and harms nobody. */
export function tell(who: string, call: () => unknown): void {
  new Promise(resolve => resolve(call())).catch((error: unknown) => {
    process.emitWarning(`${who} threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  })
}
