import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { openClient } from '../../src/index.ts'
import { openGuide, type Guide } from './guide.ts'

test('the guides compile', async t => {
  const tsc = promisify(execFile)('tsc', ['--project', import.meta.dirname])
  await t.notThrowsAsync(tsc.catch(error => Promise.reject(new Error(String(error.stdout)))))
})

/** Starts a program of a guide that prints its address. */
async function startServer(t: ExecutionContext, { folder, env }: Guide, file: string) {
  const child = spawn(process.execPath, [file], {
    cwd: folder,
    env: { ...env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { child, url }
}

async function scriptsOf({ folder }: Guide): Promise<Record<string, string>> {
  const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  return scripts
}

async function untilEnded(url: string): Promise<unknown> {
  for (;;) {
    const info = (await (await fetch(url)).json()) as { status: string }
    if (info.status !== 'pending' && info.status !== 'running') return info
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

for (const framework of ['express', 'fastify', 'hono', 'nestjs'])
  test(`${framework}: a request starts a process, which goes on when the server is killed`, async t => {
    const guide = await openGuide(t, `guides/${framework}`)
    const isNest = framework === 'nestjs'
    // Node strips types, but decorators have to be compiled.
    if (isNest) await guide.run(`${(await scriptsOf(guide))['build']} --log-level=error`)
    const program = isNest ? 'out/main.js' : 'server.ts'
    const { child, url } = await startServer(t, guide, program)
    const start = async (base: string) =>
      fetch(`${base}/reports`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'tea' },
        body: JSON.stringify({ topic: 'tea' }),
      })
    const started = await start(url)
    t.is(started.status, 202)
    const { pid } = (await started.json()) as { pid: string }
    if (!isNest) t.is(started.headers.get('location'), `/reports/${pid}`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const next = await startServer(t, guide, program)
    t.like(await (await start(next.url)).json(), { pid }, 'the same key is the same process')
    t.like(await untilEnded(`${next.url}/reports/${pid}`), { status: 'finished', output: '3 pages about tea' })
    t.is((await fetch(`${next.url}/reports/00000000000000000000`)).status, 404)
    if (!isNest) t.is((await fetch(`${next.url}/processes/`)).status, 401, 'the page asks for its token')
    next.child.kill('SIGTERM')
    t.deepEqual(await once(next.child, 'exit'), [null, 'SIGTERM'])
    const client = openClient(join(guide.folder, '.stepwright'))
    t.deepEqual(await client.hosts(), [], 'the host was closed in order')
    await client.close()
  })

test('service: a worker says whether it is healthy, and closes at SIGTERM', async t => {
  const guide = await openGuide(t, 'guides/service')
  const { child, url } = await startServer(t, guide, 'worker.ts')
  t.is((await fetch(url)).status, 200)
  const client = openClient(join(guide.folder, '.stepwright'))
  t.teardown(() => client.close())
  const pid = await client.submit('report', { topic: 'tea' })
  t.is(await client.result(pid), '3 pages about tea' as never)
  child.kill('SIGTERM')
  t.deepEqual(await once(child, 'exit'), [null, 'SIGTERM'])
  t.deepEqual(await client.hosts(), [])
  // What the two ways to run it name is there.
  const [unit, image] = await Promise.all(
    ['stepwright-worker.service', 'Dockerfile'].map(file => readFile(join(guide.folder, file), 'utf8')),
  )
  t.regex(unit!, /^ExecStart=\S+node worker\.ts$/m)
  t.regex(image!, /^CMD \["node", "worker\.ts"\]$/m)
})

test('vitest: a test moves the clock', async t => {
  const guide = await openGuide(t, 'guides/vitest')
  // The package is there as its sources, which are no part of a published one.
  const conditions = ['@stepwright/source', 'node', 'import', 'default']
  await writeFile(
    join(guide.folder, 'vitest.config.js'),
    `export default ${JSON.stringify({ resolve: { conditions }, ssr: { resolve: { conditions } } })}`,
  )
  t.regex(await guide.run('vitest run --no-cache'), /Tests +1 passed/)
})

test('CommonJS: the package can be required', async t => {
  t.is(await (await openGuide(t, 'guides/commonjs')).run('node main.js'), '3\n')
})

test('esbuild: one file has all that a program needs', async t => {
  const guide = await openGuide(t, 'guides/esbuild')
  await guide.run(`${(await scriptsOf(guide))['build']} --conditions=@stepwright/source --log-level=warning`)
  await guide.run('mkdir elsewhere && cp out/main.js elsewhere/main.mjs && rm -r node_modules')
  t.is(await guide.run('cd elsewhere && node main.mjs'), '3\n')
})

test('cli: a command does its work, and begins anew once that has ended', async t => {
  const guide = await openGuide(t, 'guides/cli')
  for (const name of ['a', 'b', 'c']) await writeFile(join(guide.folder, `${name}.jpg`), name)
  t.is(await guide.run('node thumbnails.ts .'), '3 thumbnails\n')
  t.deepEqual((await readdir(join(guide.folder, 'small'))).toSorted(), ['a.jpg', 'b.jpg', 'c.jpg'])
  t.is(await guide.run('node thumbnails.ts .'), '3 thumbnails\n')
})
