import { spawnSync } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { defineProcess } from '../../src/index.ts'
import { tempDir } from '../temp-dir.ts'
import { runCli } from './fake-io.ts'
import { adding, openStore } from './store.ts'

const asking = defineProcess({ name: 'asking' }).interrupt('ask')

async function opened(t: Parameters<typeof openStore>[0]) {
  const { dir, runtime } = await openStore(t, asking)
  const ended = await runtime.start(adding, { a: 1, b: 2 }, { labels: { user: '42' } })
  await ended.result()
  const paused = await runtime.start(asking)
  for await (const { status } of runtime.watch(paused.pid)) if (status === 'interrupted') break
  const [host] = await runtime.hosts()
  const complete = async (...words: string[]): Promise<string[]> => {
    const { status, stdout, stderr } = await runCli(['completion', 'fish', '--store', dir, '--', ...words])
    t.deepEqual([status, stderr], [0, ''])
    return stdout.split('\n').filter(line => line !== '')
  }
  return { dir, complete, ended: ended.pid, paused: paused.pid, host: host!.id }
}

test('commands, options, and what they take', async t => {
  const { complete, ended, paused, host } = await opened(t)
  t.deepEqual(await complete('sho'), ['show\tshow everything about one process'])
  t.true((await complete('')).length > 20)
  t.deepEqual(await complete('nonsense', ''), [])
  t.deepEqual(
    (await complete('list', '--sta')).map(line => line.split('\t')[0]),
    ['--status'],
  )
  t.true((await complete('list', '--st')).some(line => line.startsWith('--store\t')))
  t.deepEqual(await complete('list', '--status', 'fin'), ['finished\t'])
  t.deepEqual(await complete('list', '--name', ''), ['adding\tdefinition', 'asking\tdefinition', 'failing\tdefinition'])
  t.deepEqual(await complete('list', '--label', 'us'), ['user=42\t'])
  t.deepEqual(await complete('list', '--sort', 'cr'), ['created\t'])
  t.deepEqual(await complete('--store', 'x', 'sub'), [
    'submit\tput a process into the store for a worker, and print its pid',
  ])
  t.deepEqual(await complete('submit', 'ad'), ['adding\tdefinition'])
  t.deepEqual(await complete('submit', 'adding', '--input', ''), [])
  t.deepEqual(await complete('completion', 'f'), ['fish\t'])
  t.deepEqual(await complete('adopt', ''), [`${host}\talive`])

  const [one, other] = [`${ended}\tadding finished`, `${paused}\tasking interrupted`]
  t.deepEqual((await complete('show', '')).toSorted(), [one, other].toSorted())
  t.deepEqual(await complete('show', ended.slice(0, 19)), [one])
  t.deepEqual(await complete('watch', '--json', ended, ''), [other])
  t.deepEqual(await complete('show', ended, ''), [])
  t.deepEqual(await complete('proceed', ''), [other])
  t.deepEqual(await complete('cancel', ''), [other])
  t.deepEqual(await complete('delete', ''), [one])
})

test('a store that is not there completes to nothing, without a word', async t => {
  t.deepEqual(await runCli(['completion', 'bash', '--store', '/nowhere/at/all', '--', 'show', '']), {
    status: 0,
    stdout: '',
    stderr: '',
  })
})

/** How each shell is asked for what it would offer. */
const ASK = {
  bash: 'source <(stepwright completion bash); COMP_WORDS=(stepwright show ""); COMP_CWORD=2; _stepwright; printf "%s\\n" "${COMPREPLY[@]}"',
  zsh: `autoload -U compinit; compinit -u -D; source <(stepwright completion zsh); compadd() { while [[ $1 != -a ]]; do shift; done; print -l -- \${(P)2}; }; words=(stepwright show ''); CURRENT=3; _stepwright`,
  fish: `stepwright completion fish | source; complete -C 'stepwright show ' | string replace -r '\\t.*' ''`,
}

for (const [shell, script] of Object.entries(ASK)) {
  const there = spawnSync(shell, ['-c', 'exit 0']).status === 0
  ;(there ? test : test.skip)(`${shell} offers pids`, async t => {
    const { dir, ended, paused } = await opened(t)
    const bin = join(await tempDir(t), 'bin')
    await mkdir(bin)
    const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
    await writeFile(
      join(bin, 'stepwright'),
      `#!/bin/sh\nexec ${process.execPath} --conditions=@stepwright/source --no-warnings ${main} "$@"\n`,
    )
    await chmod(join(bin, 'stepwright'), 0o755)
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, STEPWRIGHT_STORE: dir }
    const { stdout, stderr } = spawnSync(shell, ['-c', script], { env, encoding: 'utf8', timeout: 60_000 })
    t.deepEqual(stdout.trim().split('\n').toSorted(), [ended, paused].toSorted(), stderr)
  })
}
