import { readFileSync } from 'node:fs'

/** A file of this package, from its root. */
export const packageFile = (path: string): URL => new URL(`../../${path}`, import.meta.url)

/** The version of this package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }
  return version
}
