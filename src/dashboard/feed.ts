import { frame, type Frame, type Source, type Viewer } from '../web/event-streams.ts'

const LINGER_MS = 5000

/**
 * A source that several viewers share. It is followed while there are viewers, and a little longer,
 * so that a reload does not start over.
 */
export abstract class Feed implements Source {
  readonly #viewers = new Set<Viewer>()
  /** The frames for a new viewer. Dropped when something changes. */
  #cached: readonly Frame[] | undefined
  #running: AbortController | undefined
  #stopping: NodeJS.Timeout | undefined

  /** The frames that describe the current state. */
  protected abstract welcome(): readonly Frame[]
  /** Follows until `signal` aborts. Never throws. */
  protected abstract run(signal: AbortSignal): Promise<void>

  get listened(): boolean {
    return this.#viewers.size > 0
  }

  get running(): boolean {
    return this.#running !== undefined
  }

  join(viewer: Viewer): () => void {
    clearTimeout(this.#stopping)
    if (!this.#running) {
      this.#running = new AbortController()
      this.#cached = undefined
      void this.run(this.#running.signal)
    }
    this.#cached ??= this.welcome()
    for (const one of this.#cached) viewer.send(one)
    this.#viewers.add(viewer)
    return () => {
      this.#viewers.delete(viewer)
      if (this.listened) return
      clearTimeout(this.#stopping)
      this.#stopping = setTimeout(() => this.stop(), LINGER_MS).unref()
    }
  }

  stop(): void {
    clearTimeout(this.#stopping)
    this.#running?.abort()
    this.#running = undefined
    this.#cached = undefined
  }

  protected send(event: string, data: unknown): void {
    this.#cached = undefined
    if (!this.listened) return
    const bytes = frame(data, event)
    for (const viewer of this.#viewers) viewer.send(bytes)
  }
}
