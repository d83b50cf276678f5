import { basename } from 'node:path'
import { ifThere, makeFolder } from '../../journal/files.ts'
import { corrupt, isOfOneJournal } from '../../journal/failures.ts'
import { isFinal } from '../../record/record.ts'
import { findDamages } from '../damages.ts'
import type { Damage, Store } from '../store.ts'
import type { Directory } from './directory.ts'
import { journalsIn } from './names.ts'
import { RELEASED } from './paths.ts'
import type { Claim } from './places.ts'
import { fileOf } from './reader.ts'

/** A place becomes free just after the end of its process. */
const FREED_WITHIN_MS = 60_000

/** See `Store.damages`. What makes no sense is moved to `lost+found/`. */
export async function* lowdbDamages(store: Store, directory: Directory): AsyncGenerator<Damage> {
  const { paths, keys } = directory
  yield* findDamages(store, {
    journal: pid => moveJournal(directory, pid),
    document: async (collection, name) => move(directory, paths.document(collection, name)),
  })
  for (const { name, error } of keys.damages()) {
    yield { error, setAside: async () => move(directory, paths.found(paths.keys, name)) }
  }
  for (const { file, claim } of directory.places.all()) {
    const error = claim instanceof Error ? claim : await whyFree(store, file, claim)
    if (error !== undefined) yield { error, setAside: async () => move(directory, file) }
  }
}

/**
 * Why nobody has a place: its process is not in the store, or ended long ago and a power failure has
 * brought the place back.
 */
async function whyFree(store: Store, file: string, { pid, kept }: Claim): Promise<Error | undefined> {
  if (kept) return undefined
  const found = await store.get(pid).catch((error: unknown) => {
    if (isOfOneJournal(error)) return 'damaged' as const
    throw error
  })
  if (found === 'damaged') return undefined
  if (found !== undefined && !(isFinal(found.record.status) && found.record.at < Date.now() - FREED_WITHIN_MS))
    return undefined
  return corrupt(
    file,
    new Error(`it is a place of process ${pid}, which ${found ? 'has ended' : 'is not in the store'}`),
  )
}

/** @returns where the file is now; `undefined` if it is gone */
function move({ files, paths }: Directory, file: string): string | undefined {
  makeFolder(files, paths.lost)
  const lost = paths.lostFile(basename(file))
  return ifThere(() => (files.renameSync(file, lost), lost))
}

/** A journal in the folder of a host that may be alive stays: that host goes on writing it. */
async function moveJournal(directory: Directory, pid: string): Promise<string | undefined> {
  const { files, paths, hosts, keys } = directory
  for await (const { place } of journalsIn(files, paths, { prefix: pid })) {
    if (place.kind === 'active' && place.owner !== RELEASED && (await hosts.stateOf(place.owner)) !== 'dead')
      return undefined
    const lost = move(directory, fileOf(paths, pid, place))
    if (lost !== undefined) keys.freeAll(lost)
    return lost
  }
  return undefined
}
