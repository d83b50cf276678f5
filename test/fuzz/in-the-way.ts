import { spawnSync } from 'node:child_process'
import fs from 'node:fs'

/** Ways to put something else where a file should be. */
export const IN_THE_WAY: readonly ((file: string) => void)[] = [
  function folder(file) {
    fs.mkdirSync(file)
  },
  function pipe(file) {
    if (spawnSync('mkfifo', [file]).status !== 0) throw new Error(`mkfifo ${file}`)
  },
  function link(file) {
    fs.symlinkSync('/dev/zero', file)
  },
  function dangling(file) {
    fs.symlinkSync(`${file}.gone`, file)
  },
]
