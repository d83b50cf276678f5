import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import type { Frame, Page } from 'playwright-core'
import { build, type Rolldown } from 'vite'

/** What the stub was told. */
export interface Told {
  readonly type: string
  readonly sessionId: string
  readonly rootId: string
  readonly name?: string
  readonly parentId?: string
  readonly definition?: string
  readonly event?: { readonly type: string }
  readonly snapshot?: {
    readonly value?: unknown
    readonly status: string
    readonly context?: Record<string, unknown>
    readonly output?: unknown
  }
}

const SOURCE = `
  import { createBrowserReceiver } from '@statelyai/inspect'
  window.told = []
  createBrowserReceiver().subscribe(event => window.told.push(event))
`

let code: Promise<string> | undefined

/** The receiver needs none of these: they are for other transports of the package. */
const OTHERS = ['isomorphic-ws', 'partysocket']

async function bundle(): Promise<string> {
  const modules: Readonly<Record<string, string>> = {
    stub: SOURCE,
    ...Object.fromEntries(OTHERS.map(name => [name, 'export default {}'])),
  }
  const built = (await build({
    configFile: false,
    logLevel: 'silent',
    root: import.meta.dirname,
    plugins: [
      {
        name: 'stub',
        enforce: 'pre',
        resolveId: id => (id in modules ? `\0${id}` : undefined),
        load: id => modules[id.slice(1)],
      },
    ],
    build: { write: false, minify: false, rolldownOptions: { input: 'stub', output: { format: 'iife' } } },
  })) as Rolldown.RolldownOutput
  return built.output[0].code
}

/** A page with Stately's own receiver, offline, in place of https://stately.ai/inspect. */
export async function serveStub(t: ExecutionContext): Promise<string> {
  const script = await (code ??= bundle())
  const server = createServer((request, response) => {
    if (request.url === '/stub.js') response.setHeader('content-type', 'text/javascript').end(script)
    else
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><script type="module" src="/stub.js"></script>')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/inspect`
}

export async function stubIn(page: Page): Promise<Frame> {
  const element = await page.waitForSelector('iframe')
  const frame = (await element.contentFrame())!
  await frame.waitForFunction(() => 'told' in globalThis)
  return frame
}

export const toldIn = (frame: Frame): Promise<Told[]> =>
  frame.evaluate(() => (globalThis as unknown as { told: Told[] }).told)

/**
 * Waits until the stub has been told that actor `sessionId` is in the state `value`, and returns
 * all that it was told.
 */
export async function untilValue(frame: Frame, value: unknown, name = ''): Promise<Told[]> {
  await frame.waitForFunction(
    ({ wanted, name }) => {
      const { told } = globalThis as unknown as { told: Told[] }
      const ids = new Set(
        told.filter(one => one.type === '@xstate.actor' && one.name!.includes(name)).map(one => one.sessionId),
      )
      return told.some(one => ids.has(one.sessionId) && JSON.stringify(one.snapshot?.value) === wanted)
    },
    { wanted: JSON.stringify(value), name },
  )
  return toldIn(frame)
}

export const values = (told: readonly Told[], sessionId: string | undefined): unknown[] =>
  told.filter(one => one.type === '@xstate.snapshot' && one.sessionId === sessionId).map(one => one.snapshot?.value)
