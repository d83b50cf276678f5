import type { Clock } from '../../record/clock.ts'
import { sweepCommands } from '../../store/commands.ts'
import { sweepMisfits } from '../../store/misfits.ts'
import type { HostStore, Store } from '../../store/store.ts'

const INTERVAL_MS = 60_000
/** Nothing is removed sooner than this after its end. */
const MIN_KEPT_MS = 3_600_000

/**
 * A clock that has jumped ahead by more than this may be wrong, and what is removed is gone: it
 * gets as long to be set right.
 */
const JUMP_MS = 3_600_000

export interface RetentionOptions {
  readonly store: Pick<HostStore, 'expire'>
  readonly readers: Pick<Store, 'documents' | 'get'>
  readonly clock: Clock
  readonly retentionMs: number
  readonly onError: (error: unknown) => void
}

/**
 * Removes ended processes that have been kept long enough, and what is left of old commands, now
 * and once a minute. Returns a function that ends it.
 */
export function startRetention({ store, readers, clock, retentionMs, onError }: RetentionOptions): () => void {
  let stop: () => void
  let lookedAt = clock.now()
  const expire = (): void => {
    const now = clock.now()
    const jumped = now - lookedAt > INTERVAL_MS + JUMP_MS
    lookedAt = now
    if (!jumped)
      Promise.all([
        store.expire(now - retentionMs, now - MIN_KEPT_MS),
        sweepCommands(readers),
        sweepMisfits(readers),
      ]).catch(onError)
    stop = clock.after(jumped ? JUMP_MS : INTERVAL_MS, expire)
  }
  expire()
  return () => stop()
}
