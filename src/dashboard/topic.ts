/** An event of a stream, as text. */
export type Frame = string

export const frame = (event: string, data: unknown): Frame => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** A viewer's end of a stream. */
export interface Listener {
  send(text: Frame): void
}

/** Those who listen to the same thing: it is followed while there are any, and a little longer, so that a reload does not begin anew. */
export abstract class Topic {
  readonly #listeners = new Set<Listener>()
  #running: AbortController | undefined
  #stopping: NodeJS.Timeout | undefined

  /** Tells who comes all that there is by now. */
  protected abstract welcome(listener: Listener): void
  /** Follows until `signal` aborts. Never throws. */
  protected abstract run(signal: AbortSignal): Promise<void>

  get listened(): boolean {
    return this.#listeners.size > 0
  }

  join(listener: Listener): () => void {
    clearTimeout(this.#stopping)
    if (!this.#running) {
      this.#running = new AbortController()
      void this.run(this.#running.signal)
    }
    this.welcome(listener)
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      if (this.listened) return
      clearTimeout(this.#stopping)
      this.#stopping = setTimeout(() => this.stop(), LINGER_MS).unref()
    }
  }

  get running(): boolean {
    return this.#running !== undefined
  }

  stop(): void {
    clearTimeout(this.#stopping)
    this.#running?.abort()
    this.#running = undefined
  }

  protected tell(event: string, data: unknown): void {
    if (!this.listened) return
    const text = frame(event, data)
    for (const listener of this.#listeners) listener.send(text)
  }
}

const LINGER_MS = 5000
