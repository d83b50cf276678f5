import type { Command } from 'commander'
import { once } from 'node:events'
import { storeAt } from '../../client/store-at.ts'
import { Broadcast } from '../../inspect/broadcast.ts'
import { checkInspectorUrl, STATELY } from '../../inspect/inspector-options.ts'
import { relay } from '../../inspect/relay.ts'
import { serveInspector } from '../../inspect/serve-inspector.ts'
import { UsageError } from '../failure.ts'
import { findPid } from '../find-pid.ts'
import { openBrowser } from '../open-browser.ts'
import { toPort, toSpeed } from '../option-values.ts'
import type { Act, Tools } from '../with-client.ts'
import { readCharts } from '../../store/charts.ts'

interface Flags {
  readonly open: boolean
  readonly port: number
  readonly speed: number
  readonly url: string
}

export function define(command: Command, act: Act): void {
  command
    .argument('[pids...]', 'only these processes; ended ones are replayed (default: all live processes)')
    .option('--speed <factor>', 'how many times faster than the process a replay is', toSpeed, 1)
    .option('--no-open', 'do not open the browser')
    .option('--port <port>', 'the port of the local page; 0 means any free port', toPort, 0)
    .option('--url <url>', 'another page of the Stately inspector', STATELY)
    .addHelpText(
      'after',
      `
It reads the store and does not ask the hosts. It runs until Ctrl-C.

Examples:
  $ stepwright inspect
  $ stepwright inspect aou70 --speed 10`,
    )
    .action(act(inspect))
}

async function inspect(
  { io, client, path }: Tools,
  prefixes: string[],
  { open, port, speed, url }: Flags,
): Promise<number> {
  const signal = io.interrupted()
  const inspector = pageOf(url)
  const pids: string[] = []
  for (const prefix of prefixes) pids.push(await findPid(client, prefix))
  const store = storeAt(path)
  const broadcast = new Broadcast()
  // Fails early if there is no store.
  await readCharts(store.documents)
  const server = await serveInspector({ broadcast, inspector, port, keepAlive: true })
  let forget = async (): Promise<void> => {}
  try {
    io.stdout.write(`${server.url}\n`)
    io.stderr.write('stepwright: open this address in a browser. Ctrl-C ends it.\n')
    if (open) forget = await openBrowser(server.url)
    await relay(store, { broadcast, pids: pids.length > 0 ? pids : undefined, speed, signal })
    if (!signal.aborted) await once(signal, 'abort')
    signal.throwIfAborted()
    return 0
  } finally {
    server.close()
    await Promise.all([store.close(), forget()])
  }
}

function pageOf(url: string): URL {
  try {
    return checkInspectorUrl(url, '--url')
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
