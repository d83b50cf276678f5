import type { Command } from 'commander'
import { once } from 'node:events'
import { buildPage } from '../../dashboard/build-page.ts'
import { serveDashboard } from '../../dashboard/serve-dashboard.ts'
import { UsageError } from '../failure.ts'
import { openBrowser } from '../open-browser.ts'
import { toPort } from '../option-values.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly port: number
  readonly host: string
  readonly token?: string | false
  readonly open?: true
  readonly readOnly?: true
  readonly redact?: string[]
}

const DEFAULT_PORT = 4040

export function define(command: Command, act: Act): void {
  command
    .option('--port <port>', 'the port of the page; 0 means any free port', toPort, DEFAULT_PORT)
    .option('--open', 'open the browser')
    .option('--read-only', 'let viewers look, but change nothing')
    .option(
      '--redact <path>',
      'hide this path in inputs, outputs, logs and streams, such as $.password or $..token; may be repeated',
      collect,
    )
    .option('--host <interface>', 'the network interface to serve', '127.0.0.1')
    .option(
      '--token <token>',
      'the token that viewers need, at least 16 characters (default: random, part of the printed address)',
    )
    .option('--no-token', 'admit everybody who can reach the port, including every user of this machine')
    .addHelpText(
      'after',
      `
It runs until Ctrl-C.

Examples:
  $ stepwright dashboard --open
  $ stepwright dashboard --read-only --redact '$..password'
  $ stepwright dashboard --host 0.0.0.0`,
    )
    .action(act(dashboard))
}

const collect = (path: string, before: readonly string[] = []): string[] => [...before, path]

async function dashboard({ io, client }: Tools, { port, host, token, open, readOnly, redact }: Flags): Promise<number> {
  const signal = io.interrupted()
  await buildPage(() => io.stderr.write('stepwright: building the page, which this checkout does not have yet ...\n'))
  const server = await serve()
  let forget = async (): Promise<void> => {}
  try {
    io.stdout.write(`${server.url}\n`)
    io.stderr.write('stepwright: open this address in a browser. Ctrl-C ends it.\n')
    if (open) forget = await openBrowser(server.url)
    if (!signal.aborted) await once(signal, 'abort')
    signal.throwIfAborted()
    return 0
  } finally {
    await Promise.all([server.close(), forget()])
  }

  async function serve(): ReturnType<typeof serveDashboard> {
    try {
      return await serveDashboard({ port, host, client, readOnly, redact, ...(token !== undefined && { token }) })
    } catch (error) {
      if (error instanceof TypeError) throw new UsageError(error.message.replace(/^(\w+) of dashboard\(\)/, '--$1'))
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EADDRINUSE')
        throw new UsageError(`Port ${port} is taken: give another with --port, or 0 for any free one`)
      throw error
    }
  }
}
