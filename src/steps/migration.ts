/** A process that was begun under an older version of a definition, as `migrate` sees it. */
export interface OldProcess {
  readonly pid: string
  readonly version: string
  /** The step it is at; absent if it has not begun. */
  readonly step?: string
  /** What that step was given. */
  readonly data: unknown
  readonly input: unknown
}

/** Where, and with what data, an old process goes on. */
export interface Migration {
  /** A step of the new definition that has work to do. */
  readonly step: string
  /** Its input; absent: what the old step was given. */
  readonly data?: unknown
}

/** Translates an old process; `undefined` leaves it for another host. */
export type Migrate = (old: OldProcess) => Migration | undefined
