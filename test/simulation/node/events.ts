import { EventEmitter } from 'node:events'

export { EventEmitter }
export default EventEmitter

/** Node's own makes promises of another realm. */
export const once = (emitter: EventEmitter, name: string): Promise<unknown[]> =>
  new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      emitter.off(name, onEvent)
      reject(error)
    }
    const onEvent = (...args: unknown[]): void => {
      emitter.off('error', onError)
      resolve(args)
    }
    emitter.once(name, onEvent)
    if (name !== 'error') emitter.once('error', onError)
  })
