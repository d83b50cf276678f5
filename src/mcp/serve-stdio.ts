import { once } from 'node:events'
import type { Server } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'

/** Serves MCP over stdin and stdout, until stdin ends or the signal aborts. */
export async function serveOverStdio(factory: () => Server, signal: AbortSignal): Promise<void> {
  const server = serveStdio(factory)
  const ended = new AbortController()
  const end = (): void => ended.abort()
  process.stdin.once('end', end).once('close', end)
  const over = AbortSignal.any([signal, ended.signal])
  if (!over.aborted) await once(over, 'abort')
  await server.close()
}
