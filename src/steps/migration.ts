/** A process that began under an older version of a definition, as `migrate` receives it. */
export interface OldProcess {
  readonly pid: string
  readonly version: string
  /** The step it is at; `undefined` if it has not begun. */
  readonly step?: string
  /** The input of that step. */
  readonly data: unknown
  readonly input: unknown
}

/** Where, and with what data, an old process continues. */
export interface Migration {
  /** A step of the new definition that has work, such as a function. */
  readonly step: string
  /** The input of that step. Default: the input of the old step. */
  readonly data?: unknown
}

/** Translates an old process. `undefined` leaves it to another host. */
export type Migrate = (old: OldProcess) => Migration | undefined
