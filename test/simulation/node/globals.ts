import { kernel } from './kernel.ts'

/**
 * What a realm of its own lacks that Node gives to programs: here of the simulated time, and of
 * this realm's promises.
 */

class Timer {
  readonly cancel: () => void
  constructor(cancel: () => void) {
    this.cancel = cancel
  }
  unref(): this {
    return this
  }
  ref(): this {
    return this
  }
  hasRef(): boolean {
    return true
  }
}

const RealDate = Date

class SimulatedDate extends RealDate {
  constructor(...args: [] | [number]) {
    super(...((args.length === 0 ? [kernel().wallMs()] : args) as [number]))
  }
  static override now(): number {
    return kernel().wallMs()
  }
}

type Callback = (...args: unknown[]) => void
const clear = (timer?: Timer): void => timer?.cancel()

/** Node's own has a queue of its own. */
function queueMicrotask(callback: () => void): void {
  // oxlint-disable-next-line promise/no-callback-in-promise
  void Promise.resolve().then(callback)
}

function setInterval(callback: Callback, ms = 1, ...args: unknown[]): Timer {
  let cancel: () => void
  const arm = (): void => {
    cancel = kernel().after(Math.max(1, ms), () => {
      arm()
      callback(...args)
    })
  }
  arm()
  return new Timer(() => cancel())
}

Object.assign(globalThis, {
  Date: SimulatedDate,
  performance: { now: () => kernel().monotonicMs(), timeOrigin: 0 },
  setTimeout: (callback: Callback, ms = 1, ...args: unknown[]) =>
    new Timer(kernel().after(Math.max(1, ms), () => callback(...args))),
  setImmediate: (callback: Callback, ...args: unknown[]) => new Timer(kernel().after(0, () => callback(...args))),
  setInterval,
  clearTimeout: clear,
  clearImmediate: clear,
  clearInterval: clear,
  queueMicrotask,
  global: globalThis,
})
Math.random = () => kernel().random()
Error.stackTraceLimit = 0
