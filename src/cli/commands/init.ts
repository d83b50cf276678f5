import type { Command } from 'commander'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { packageFile, packageVersion } from '../../format/package-files.ts'
import { UsageError } from '../failure.ts'
import { printable } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

const FILES = ['package.json', 'tsconfig.json', 'tea.ts', 'tea.test.ts']

export function define(command: Command, act: Act): void {
  command
    .argument('[folder]', 'where to put it; made if it is not there', '.')
    .addHelpText(
      'after',
      `
It writes four files, and no file that is there is changed. Then: npm install, npm test, npm start.

Examples:
  $ npx stepwright init tea && cd tea && npm install && npm test`,
    )
    .action(act(init))
}

async function init({ io }: Tools, given: string): Promise<number> {
  const folder = resolve(given)
  await mkdir(folder, { recursive: true })
  const there = new Set(await readdir(folder))
  const inTheWay = FILES.filter(file => there.has(file))
  if (inTheWay.length > 0)
    throw new UsageError(`${printable(folder)} has ${inTheWay.join(', ')} already: name an empty folder`)
  for (const file of FILES) {
    const template = await readFile(packageFile(`examples/starter/${file}`), 'utf8')
    await writeFile(join(folder, file), file === 'package.json' ? ownPackage(template, folder) : template, {
      flag: 'wx',
    })
    io.stdout.write(`${printable(join(given, file))}\n`)
  }
  io.stderr.write('stepwright: now `npm install`, `npm test` and `npm start`\n')
  return 0
}

/** Named after the folder, with this version of the package. */
function ownPackage(template: string, folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return template
    .replace('"name": "starter"', `"name": ${JSON.stringify(name || 'processes')}`)
    .replace('"stepwright": "*"', `"stepwright": "^${packageVersion()}"`)
}
