import fs from 'node:fs'
import { FOLDER_MODE, makeFolder } from '../../journal/files.ts'
import { isHostId } from '../hosts/host-id.ts'
import { removeSocket } from '../hosts/socket-path.ts'
import type { Database } from './database.ts'

/** The owner of processes that a host let go in order and that wait for the next one. */
export const RELEASED = 'released'
/** The owner of processes that were submitted and wait for a host. */
export const SUBMITTED = 'submitted'

/**
 * The folder of the hosts' sockets, beside the file. It is the same for all who open the file, by
 * whatever link.
 */
export const socketFolder = (file: string): string => `${fs.realpathSync(file)}-hosts`

export function makeSocketFolder(file: string): string {
  const folder = socketFolder(file)
  makeFolder(fs, folder)
  fs.chmodSync(folder, FOLDER_MODE)
  return folder
}

/** The ids of all hosts that have a card. */
export const hostIds = (db: Database): string[] =>
  db
    .all<{ name: string }>("SELECT name FROM documents WHERE collection = 'hosts' ORDER BY name")
    .map(({ name }) => name)
    .filter(isHostId)

/** Deletes the card of a host once it owns nothing any more. Returns whether it did. */
export const deleteIfEmpty = (db: Database, id: string): boolean =>
  db.run(
    "DELETE FROM documents WHERE collection = 'hosts' AND name = ?1 AND NOT EXISTS (SELECT 1 FROM processes WHERE owner = ?1)",
    id,
  ) > 0

/** Removes the socket of a host that is no longer in the store. */
export const removeLeftSocket = (db: Database, id: string): void => removeSocket(fs, socketFolder(db.file), id)
