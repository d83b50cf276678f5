import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { startExample, temporaryFolder } from './run-example.ts'

/** An API that answers with what `answer` makes of a request. */
async function api(t: ExecutionContext, answer: (method: string, url: URL) => unknown): Promise<string> {
  const server = createServer((request, response) => {
    const body = answer(request.method ?? '', new URL(request.url ?? '', 'http://api'))
    if (body === undefined) return
    response.statusCode = body === null ? 503 : 200
    response.end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test.serial('import-users.ts goes on with the page it was killed at', async t => {
  const cwd = await temporaryFolder(t)
  const asked: string[] = []
  const third = Promise.withResolvers<void>()
  process.env['API_URL'] = await api(t, (_, url) => {
    const cursor = url.searchParams.get('cursor') ?? ''
    asked.push(cursor)
    if (cursor === 'c' && asked.filter(one => one === 'c').length === 1) {
      third.resolve()
      return undefined
    }
    const next = { first: 'b', b: 'c', c: 'd' }[cursor]
    return { users: [`${cursor}1`, `${cursor}2`], ...(next !== undefined && { next }) }
  })
  const first = startExample(t, cwd, 'import-users.ts')
  await third.promise
  first.child.kill('SIGKILL')
  await first.ended
  const { stdout, stderr, code } = await startExample(t, cwd, 'import-users.ts').ended
  t.deepEqual([stderr, code, stdout], ['', 0, "{ users: 8, last: 'd2' }"])
  t.deepEqual(asked, ['first', 'b', 'c', 'c', 'd'])
})

test.serial('await-export.ts asks less and less often, and begins the export once', async t => {
  const cwd = await temporaryFolder(t)
  const asked: string[] = []
  process.env['API_URL'] = await api(t, (method, url) => {
    asked.push(`${method} ${url.pathname}`)
    if (method === 'POST') return { id: 'e1' }
    return { file: asked.length < 5 ? null : 'users.csv' }
  })
  process.env['FIRST_WAIT_MS'] = '10'
  const { stdout, stderr, code } = await startExample(t, cwd, 'await-export.ts').ended
  t.deepEqual([stderr, code, stdout], ['', 0, 'users.csv'])
  t.deepEqual(asked, ['POST /', 'GET /e1', 'GET /e1', 'GET /e1', 'GET /e1'])
})
