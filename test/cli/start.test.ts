import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { adding, openStore } from './store.ts'

const ROOT = new URL('../../', import.meta.url).href
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** Prints what was loaded from files, a line each, when Node ends. */
const COUNT = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  const loaded = []
  registerHooks({ load: (url, context, next) => (url.startsWith('file:') && loaded.push(url), next(url, context)) })
  process.on('exit', () => console.error(loaded.join('\\n')))
`)}`

async function filesOf(...argv: string[]): Promise<string[]> {
  const child = spawn(process.execPath, [
    '--conditions=@stepwright/source',
    '--no-warnings',
    '--import',
    COUNT,
    MAIN,
    ...argv,
  ])
  const [, loaded] = await Promise.all([text(child.stdout), text(child.stderr)])
  return loaded.split('\n').filter(url => url.startsWith('file:'))
}

/** How many files a command loads before it is bundled: each costs half a millisecond. */
for (const { argv, most, not } of [
  { argv: ['--version'], most: 25, not: /\/(?:render|client|store|journal|record)\/|xstate|lowdb/ },
  { argv: ['show', '--help'], most: 60, not: /\/(?:client|lowdb|sqlite|runtime|machines|steps|dashboard|inspect)\// },
  {
    argv: ['list', '--limit', '5'],
    most: 135,
    not: /\/(?:runtime|machines|steps|dashboard|inspect|testing)\/|xstate|croner/,
  },
])
  test(`stepwright ${argv.join(' ')} loads what it needs`, async t => {
    const { dir, runtime } = await openStore(t)
    await (await runtime.start(adding, { a: 1, b: 2 })).result()
    const files = await filesOf(...argv, '--store', dir)
    t.true(files.length > 10 && files.length <= most, `${files.length} files:\n${files.join('\n')}`)
    t.deepEqual(
      files.filter(file => not.test(file.replace(ROOT, '/'))),
      [],
    )
  })
