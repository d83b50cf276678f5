import { request } from 'node:http'
import test from 'ava'
import { startExample, temporaryFolder } from './run-example.ts'

interface Told {
  readonly type: string
  readonly sessionId: string
  readonly name?: string
  readonly parentId?: string
  readonly definition?: string
  readonly snapshot?: { readonly value?: unknown; readonly status: string }
}

/** A path of the page, with the token that its address has. */
const at = (page: string, path: string): string => new URL(`${path}${new URL(page).search}`, page).href

/**
 * What a viewer is told until the server hangs up, or until `last` says that it has seen enough.
 */
async function view(url: string, last: (told: Told) => boolean = () => false): Promise<{ told: Told[]; end: boolean }> {
  const response = await fetch(at(url, 'events'))
  const told: Told[] = []
  let rest = ''
  let end = false
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks)
      if (block.startsWith('event: end')) end = true
      else if (block.startsWith('data: ')) told.push(JSON.parse(block.replace('data: ', '')) as Told)
    if (told.some(last)) break
  }
  return { told, end }
}

const status = (url: string, headers: Record<string, string>): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(url, { headers }, response => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })

test('viewers are told of the process, its steps and its states', async t => {
  const example = startExample(t, await temporaryFolder(t), 'inspect.ts', '--once')
  const url = (await example.line(/^Open /)).replace('Open ', '')
  const whole = view(url)
  const late = view(url, ({ snapshot }) => JSON.stringify(snapshot?.value) === '{"running":{"parse":"waiting"}}').then(
    () => view(url),
  )
  const { told, end } = await whole

  const registration = told.find(({ type, parentId }) => type === '@xstate.actor' && parentId === undefined)
  const { id, states } = JSON.parse(registration?.definition ?? '{}') as {
    id: string
    states: Record<string, { states?: object }>
  }
  t.is(id, 'import-pages')
  t.deepEqual(Object.keys(states['running']?.states ?? {}), ['download', 'parse', 'publish'])
  // Steps with work are there as well, for what they may wait for within.
  t.true(Object.hasOwn(states['sleeping']?.states ?? {}, 'cool-off'))

  const values = told
    .filter(({ type, sessionId }) => type === '@xstate.snapshot' && sessionId === registration?.sessionId)
    .map(({ snapshot }) => snapshot?.value)
  t.deepEqual(values.slice(-6), [
    { running: { parse: 'attempting' } },
    { running: { parse: 'waiting' } },
    { running: { parse: 'attempting' } },
    { sleeping: 'cool-off' },
    { running: 'publish' },
    'finished',
  ])
  t.true([registration?.snapshot?.value, ...values].some(value => JSON.stringify(value) === '{"running":"download"}'))
  t.true(told.some(({ type, parentId }) => type === '@xstate.actor' && parentId === registration?.sessionId))
  t.true(end)

  // Who comes late gets what is live, no more, and its newest state.
  const begun = (await late).told
  t.like(begun[0], { type: '@xstate.actor', sessionId: registration?.sessionId, definition: registration?.definition })
  t.like(begun[1], {
    type: '@xstate.snapshot',
    sessionId: registration?.sessionId,
    snapshot: { value: { running: { parse: 'waiting' } } },
  })
  const download = told.find(({ type, name }) => type === '@xstate.actor' && name === 'download')?.sessionId
  t.truthy(download)
  t.false(begun.some(({ sessionId }) => sessionId === download))

  const { code, stderr } = await example.ended
  t.is(stderr, '')
  t.is(code, 0)
})

test('only pages of the server itself may look, and no viewer keeps Node alive', async t => {
  const example = startExample(t, await temporaryFolder(t), 'inspect.ts', '--once')
  const url = (await example.line(/^Open /)).replace('Open ', '')
  const { host, origin } = new URL(url)
  t.is(await status(url, {}), 200)
  t.is(await status(new URL(url).origin, {}), 401)
  t.is(await status(at(url, 'page.js'), { origin }), 200)
  t.is(await status(at(url, '../package.json'), {}), 404)
  t.is(await status(at(url, 'events'), { origin: 'https://example.com' }), 403)
  t.is(await status(at(url, 'events'), { host: 'example.com' }), 403)
  t.is(await status(at(url, 'events'), { host, origin: 'null' }), 403)
  t.regex(await (await fetch(url)).text(), /<iframe/)
  t.regex(await (await fetch(at(url, 'page.js'))).text(), /https:\/\/stately\.ai\/inspect/)

  const open = await fetch(at(url, 'events'))
  t.is((await example.ended).code, 0)
  await open.body?.cancel()
})
