import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

/** Programs that must not compile. A line marked `// error: text` must get an error that has this text; no other line may get one. */
const folder = new URL('bad/', import.meta.url)
const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')))

const compile = (): Promise<string> =>
  new Promise(resolve => {
    const args = [tsc, '--noEmit', '--pretty', 'false', '--project', fileURLToPath(folder)]
    execFile(process.execPath, args, (_error, stdout, stderr) => resolve(stdout + stderr))
  })

/** Text of the errors by `file:line`; what belongs to no line stands under the line itself. Details are indented lines. */
function parseErrors(output: string): Map<string, string> {
  const errors = new Map<string, string>()
  let place = ''
  for (const line of output.trimEnd().split('\n')) {
    const head = /^(.+?)\((\d+),\d+\): error/.exec(line)
    if (head) place = `${basename(head[1]!)}:${head[2]}`
    else if (!line.startsWith(' ')) place = line
    errors.set(place, `${errors.get(place) ?? ''}${line}\n`)
  }
  return errors
}

async function readMarks(): Promise<Map<string, string>> {
  const marks = new Map<string, string>()
  for (const file of (await readdir(folder)).filter(name => name.endsWith('.ts'))) {
    const lines = (await readFile(new URL(file, folder), 'utf8')).split('\n')
    for (const [index, line] of lines.entries()) {
      const [, text] = line.split('// error: ')
      if (text !== undefined) marks.set(`${file}:${index + 1}`, text)
    }
  }
  return marks
}

test('likely mistakes do not compile, and the compiler says what is wrong', async t => {
  t.timeout(120_000)
  const [output, marks] = await Promise.all([compile(), readMarks()])
  const errors = parseErrors(output)
  t.true(marks.size > 30, 'the marks were found')
  for (const [place, text] of marks)
    t.true(errors.get(place)?.includes(text), `${place} should say: ${text}\nbut says: ${errors.get(place)}`)
  t.deepEqual(
    [...errors].filter(([place]) => !marks.has(place)),
    [],
    'errors on unmarked lines',
  )
})
