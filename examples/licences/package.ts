/**
 * What the report knows about an installed package. It is small, because it goes from step to step
 * as JSON.
 */
export interface Package {
  /** Where it is installed, relative to the folder of the report. */
  path: string
  name: string
  version: string
  /** The licence that the manifest states, or null. */
  licence: string | null
  /** How the manifest states it, if not in the usual way. */
  note?: string
  /** The name of its licence file. */
  file?: string
  /** The first line of its licence file. */
  title?: string
  /** Why the manifest could not be read. */
  problem?: string
}
