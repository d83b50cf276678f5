import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { ExecutionContext } from 'ava'

/** A directory that goes with the test. */
export function tempDir(t: ExecutionContext<any>): string {
  const dir = makeTempDir()
  t.teardown(() => fs.rmSync(dir, { recursive: true, force: true }))
  return dir
}

export const makeTempDir = (): string => fs.mkdtempSync(path.join(os.tmpdir(), 'stepwright-'))

export const journalOf = (dir: string, hostId: string, pid: string): string =>
  path.join(dir, 'active', hostId, `${pid}.jsonl`)

/** Every file and folder below, relative and sorted. */
export const treeOf = (dir: string): string[] => fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }).toSorted()
