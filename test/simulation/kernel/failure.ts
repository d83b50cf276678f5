/**
 * How a call of the simulated system fails. `node/` makes an error of the caller's realm out of it.
 */
export class Failure extends Error {
  readonly code: string

  constructor(code: string, about = '') {
    super(`${code}: ${about}`)
    this.code = code
  }
}

/** The caller was killed: nothing it does has an effect any more. */
export const KILLED = 'EKILLED'
