import { basename } from 'node:path'
import { ifThere, makeFolder } from '../../journal/files.ts'
import { findDamages } from '../damages.ts'
import type { Damage, Store } from '../store.ts'
import type { Directory } from './directory.ts'
import { journalsIn } from './names.ts'
import { RELEASED } from './paths.ts'
import { fileOf } from './reader.ts'

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
