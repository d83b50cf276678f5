import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { openBrowser } from '../../src/cli/open-browser.ts'
import { tempDir } from '../temp-dir.ts'

const onLinux = process.platform === 'linux' ? test.serial : test.serial.skip

onLinux(
  'the token of an address is in no argument of a command, and in a file that only this user can read',
  async t => {
    const bin = join(await tempDir(t), 'bin')
    const given = join(bin, 'given')
    await mkdir(bin)
    await writeFile(join(bin, 'xdg-open'), `#!/bin/sh\necho "$@" > ${given}.draft && mv ${given}.draft ${given}\n`)
    await chmod(join(bin, 'xdg-open'), 0o755)
    const path = process.env['PATH']
    process.env['PATH'] = `${bin}:${path}`
    t.teardown(() => {
      process.env['PATH'] = path
    })
    const url = 'http://127.0.0.1:4040/?token=a-token-of-the-test'
    const forget = await openBrowser(url)
    while (!existsSync(given)) await setTimeout(5)
    const argument = (await readFile(given, 'utf8')).trim()
    t.false(argument.includes('token'))
    const file = fileURLToPath(argument)
    t.true((await readFile(file, 'utf8')).includes(url))
    t.is((await stat(file)).mode & 0o077, 0)
    t.is((await stat(dirname(file))).mode & 0o077, 0)
    await forget()
    t.false(existsSync(dirname(file)))
  },
)
