/** What the report knows of one installed package. Goes from step to step as JSON, so it is kept small. */
export interface Package {
  /** Where it is installed, relative to the folder that was looked through. */
  path: string
  name: string
  version: string
  /** As the manifest states it; null if it states none. */
  licence: string | null
  /** How the manifest stated it, where that is not the usual way. */
  note?: string
  /** Name of its licence file. */
  file?: string
  /** First line of the licence file. */
  title?: string
  /** Why the manifest could not be read. */
  problem?: string
}
