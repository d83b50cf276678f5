import { createMcpHandler, type Server } from '@modelcontextprotocol/server'
import { LOOPBACK, text } from '../web/guard.ts'
import { serve } from '../web/serve.ts'
import { createToken, hasToken, SHORTEST_TOKEN } from '../web/token.ts'

export interface ServeMcpOptions {
  readonly port: number
  /** The network interface to listen on. */
  readonly host: string
  /** What clients must send as `Authorization: Bearer`. Default: a random one; `false`: nothing. */
  readonly token?: string | false | undefined
}

/** Serves MCP over streamable HTTP, on a port of its own. */
export async function serveMcp(
  factory: () => Server,
  { port, host, token: given = createToken() }: ServeMcpOptions,
): Promise<{ readonly url: string; readonly token: string | undefined; close(): Promise<void> }> {
  if (given !== false && given.length < SHORTEST_TOKEN)
    throw new TypeError(`token must be a string of at least ${SHORTEST_TOKEN} characters; received ${given.length}`)
  const token = given === false ? undefined : given
  const handler = createMcpHandler(factory)
  const fetch = async (request: Request): Promise<Response> => refusal(request, token) ?? handler.fetch(request)
  const served = await serve({ fetch, host, port, keepAlive: true })
  return {
    url: `${served.url}mcp`,
    token,
    async close() {
      served.close('now')
      await handler.close()
    },
  }
}

/**
 * Clients are programs: a request with an origin comes from a web page, which has no business here.
 * Without a token, no name but those of this machine is served (DNS rebinding).
 */
function refusal(request: Request, token: string | undefined): Response | undefined {
  const { hostname, pathname } = new URL(request.url)
  if (pathname !== '/mcp') return text(404, 'MCP is served at /mcp')
  if (token === undefined && !LOOPBACK.includes(hostname))
    return text(403, `MCP is not served under the name ${JSON.stringify(hostname)}`)
  if (request.headers.has('origin')) return text(403, 'Web pages may not ask')
  if (token !== undefined && !hasToken(request, token))
    return text(401, 'Send the token that was printed as `Authorization: Bearer`', { 'www-authenticate': 'Bearer' })
  return undefined
}
