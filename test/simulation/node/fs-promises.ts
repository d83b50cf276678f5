import { readdirSync, rmdirSync, statSync, unlinkSync } from './fs.ts'
import type { Stats } from './fs.ts'
import { kernel } from './kernel.ts'

/** What a thread of the pool does: some time later, as a whole. */
const inPool =
  <A extends unknown[], T>(work: (...args: A) => T) =>
  (...args: A): Promise<T> =>
    new Promise((resolve, reject) =>
      kernel().io(() => {
        try {
          resolve(work(...args))
        } catch (error) {
          reject(error as Error)
        }
      }),
    )

export const readdir = inPool((path: string) => readdirSync(path))
export const rmdir = inPool((path: string) => rmdirSync(path))
export const unlink = inPool((path: string) => unlinkSync(path))
export const stat = inPool((path: string) => statSync(path) as Stats)

export const lstat = stat

export async function opendir(path: string): Promise<AsyncIterable<{ name: string }>> {
  const names = await readdir(path)
  return (async function* () {
    for (const name of names) yield { name }
  })()
}

export default { readdir, rmdir, unlink, stat, lstat, opendir }
