import { storeAt } from '../client/store-at.ts'
import type { CopyOptions } from '../store/copy-store.ts'
import type { Store } from '../store/store.ts'
import { FAILED, UsageError } from './failure.ts'
import type { Io } from './io.ts'
import { printableLines } from './printable.ts'
import { ScreenArea } from './screen-area.ts'
import { isLive } from './screen.ts'

/** Copies between two stores, and returns a sentence on what was copied. */
type Copy = (from: Store, to: Store, options: CopyOptions) => Promise<string>

export const copiedLine = (count: number): string => `${count} ${count === 1 ? 'process' : 'processes'} copied`

/**
 * Runs a copy between the stores at two paths, shows on a terminal how far it is, and names each
 * journal that cannot be read.
 *
 * @returns the exit status
 */
export async function copying(io: Io, from: string, to: string, copy: Copy): Promise<number> {
  if (from === '' || to === '') throw new UsageError('A store is named by its path, which is empty here')
  const [source, target] = [storeAt(from), storeAt(to)]
  if (source.location === target.location) throw new UsageError(`Both are the same store: ${source.location}`)
  let [done, left] = [0, 0]
  const area = isLive(io) ? new ScreenArea(io.stdout, () => (done === 0 ? [] : [copiedLine(done)])) : undefined
  area?.start()
  let sentence: string
  try {
    sentence = await copy(source, target, {
      onCorrupt({ error }) {
        left += 1
        io.stderr.write(`stepwright: ${printableLines(error.message).join('\n')}\n`)
      },
      onProgress: count => (done = count),
    })
  } finally {
    area?.stop([])
    await Promise.all([source.close(), target.close()])
  }
  io.stdout.write(`${left > 0 ? `${sentence}, ${left} could not be read` : sentence}\n`)
  return left > 0 ? FAILED : 0
}
