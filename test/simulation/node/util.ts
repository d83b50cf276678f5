export { inspect, isDeepStrictEqual, stripVTControlCharacters, types } from 'node:util'

/** Node's own makes promises of another realm. */
export const promisify =
  (work: (callback: (error: Error | null, value?: unknown) => void) => void) => (): Promise<unknown> =>
    new Promise((resolve, reject) => work((error, value) => (error === null ? resolve(value) : reject(error))))
