import { show } from '../../record/show.ts'
import type { ProcessInfo } from '../../record/info.ts'
import { tell } from '../tell.ts'

export type Listener = (info: ProcessInfo) => void

export function checkListener(listener: unknown): Listener {
  if (typeof listener === 'function') return listener as Listener
  throw new TypeError(`subscribe(listener): expected a function, received ${show(listener)}`)
}

export const tellListener = (listener: Listener, info: ProcessInfo): void =>
  tell(`A subscriber of process ${info.pid}`, () => listener(info))

/** Those who want to be told of every change. One that throws harms neither the process nor the others. */
export class Subscribers {
  /** Most processes have none. */
  #listeners: Set<Listener> | undefined

  add(listener: Listener): () => void {
    const listeners = (this.#listeners ??= new Set())
    listeners.add(checkListener(listener))
    return () => listeners.delete(listener)
  }

  /** `info` is asked for anew for each: what one does to its own reaches nobody else. */
  tell(info: () => ProcessInfo): void {
    for (const listener of this.#listeners ?? []) tellListener(listener, info())
  }
}
