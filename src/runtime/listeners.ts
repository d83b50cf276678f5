import type { ProcessInfo } from '../record/info.ts'
import { checkFunction } from '../record/check.ts'

/**
 * Calls a user's function that is only told something: what it throws, or its promise rejects with,
 * becomes a warning and harms nobody.
 */
export function notify(who: string, call: () => unknown): void {
  new Promise(resolve => resolve(call())).catch((error: unknown) => {
    process.emitWarning(`${who} threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  })
}

export type ProcessListener = (info: ProcessInfo) => void

/** @throws TypeError */
export const checkListener = (listener: unknown): ProcessListener => checkFunction(listener, 'listener of subscribe()')

export const notifyListener = (listener: ProcessListener, info: ProcessInfo): void =>
  notify(`A subscriber of process ${info.pid}`, () => listener(info))

/** Those who subscribed to one process. */
export class Subscribers {
  /** Most processes have none. */
  #listeners: Set<ProcessListener> | undefined

  /** @returns a function that ends the subscription */
  add(listener: ProcessListener): () => void {
    const listeners = (this.#listeners ??= new Set())
    listeners.add(checkListener(listener))
    return () => listeners.delete(listener)
  }

  get areAny(): boolean {
    return (this.#listeners?.size ?? 0) > 0
  }

  /** `info` is called anew for each: what one listener does to its info reaches nobody else. */
  notify(info: () => ProcessInfo): void {
    for (const listener of this.#listeners ?? []) notifyListener(listener, info())
  }
}
