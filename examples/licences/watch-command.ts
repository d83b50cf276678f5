import { join, relative } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

/**
 * The command that shows a process in another terminal. In this repository the package is not
 * built, so it runs from source.
 */
export function watchCommand(pid: string): string {
  if (process.cwd() === ROOT) return `npm run -s stepwright -- watch ${pid}`
  return `"${process.execPath}" --conditions=@stepwright/source "${relative('', join(ROOT, 'src', 'cli', 'main.ts'))}" watch ${pid}`
}
