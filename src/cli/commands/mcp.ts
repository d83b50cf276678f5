import type { Command } from 'commander'
import { once } from 'node:events'
import { createRuntime } from '../../index.ts'
import type { McpServerOptions } from '../../mcp/index.ts'
import { UsageError } from '../failure.ts'
import { loadModules } from '../modules.ts'
import { toPort } from '../option-values.ts'
import type { Act, Tools } from '../with-client.ts'

interface Flags {
  readonly allowSteering?: true
  readonly http?: number
  readonly host: string
  readonly token?: string | false
}

export function define(command: Command, act: Act): void {
  command
    .argument('[module...]', 'files (.js or .ts) that export definitions; each becomes a tool, and runs here')
    .option('--allow-steering', 'offer tools that proceed, cancel, retry and fork processes')
    .option(
      '--http <port>',
      'serve streamable HTTP on this port instead of stdin and stdout; 0 means any free port',
      toPort,
    )
    .option('--host <interface>', 'with --http: the network interface to serve', '127.0.0.1')
    .option('--token <token>', 'with --http: what clients send as `Authorization: Bearer` (default: random, printed)')
    .option('--no-token', 'with --http: admit every program of this machine')
    .addHelpText(
      'after',
      `
It needs the package @modelcontextprotocol/server, and runs until stdin ends, or until Ctrl-C.
A module may export \`services\`: an object, or a function that returns it.

Examples:
  $ stepwright mcp
  $ stepwright mcp reports.ts --allow-steering
  $ stepwright mcp reports.ts --http 4041`,
    )
    .action(act(mcp))
}

async function mcp({ io, client, path }: Tools, modules: readonly string[], flags: Flags): Promise<number> {
  const { mcpServer } = await needed(() => import('../../mcp/index.ts'))
  const signal = io.interrupted()
  const loaded = await loadModules(modules)
  // With no definitions there is nothing to run: the store is only read.
  const runtime = modules.length === 0 ? undefined : await createRuntime({ ...loaded, store: path })
  try {
    const options: McpServerOptions = {
      client: runtime ?? client,
      processes: loaded.processes,
      allowSteering: flags.allowSteering,
    }
    await (flags.http === undefined ? overStdio() : overHttp(flags.http))
    return 0

    async function overStdio(): Promise<void> {
      const { serveOverStdio } = await needed(() => import('../../mcp/serve-stdio.ts'))
      await serveOverStdio(mcpServer(options), signal)
      signal.throwIfAborted()
    }

    async function overHttp(port: number): Promise<void> {
      const { serveMcp } = await needed(() => import('../../mcp/serve-mcp.ts'))
      const { host, token } = flags
      const server = await serveMcp(mcpServer(options), { port, host, ...(token !== undefined && { token }) })
      io.stdout.write(`${server.url}\n`)
      if (server.token !== undefined) io.stderr.write(`stepwright: send \`Authorization: Bearer ${server.token}\`\n`)
      if (!signal.aborted) await once(signal, 'abort')
      await server.close()
      signal.throwIfAborted()
    }
  } finally {
    await runtime?.close()
  }
}

/** The optional package may not be there. */
async function needed<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new UsageError('MCP needs the package @modelcontextprotocol/server: npm install @modelcontextprotocol/server')
  }
}
