import { show } from '../steps/show.ts'
import type { ProcessInfo } from '../store/info.ts'
import { tell } from './tell.ts'

export type Listener = (info: ProcessInfo) => void

export function checkListener(listener: unknown): Listener {
  if (typeof listener === 'function') return listener as Listener
  throw new TypeError(`subscribe(listener): expected a function, received ${show(listener)}`)
}

export const tellListener = (listener: Listener, info: ProcessInfo): void =>
  tell(`A subscriber of process ${info.pid}`, () => listener(info))

/** Those who want to be told of every change. One that throws harms neither the process nor the others. */
export class Subscribers {
  readonly #listeners = new Set<Listener>()

  add(listener: Listener): () => void {
    this.#listeners.add(checkListener(listener))
    return () => this.#listeners.delete(listener)
  }

  /** `info` is asked for anew for each: what one does to its own reaches nobody else. */
  tell(info: () => ProcessInfo): void {
    for (const listener of this.#listeners) tellListener(listener, info())
  }
}
