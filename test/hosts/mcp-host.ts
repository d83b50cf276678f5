// A host that serves MCP, and is killed while its process is in the second step.
import { createRuntime, lowdbStore } from 'stepwright'
import { mcpServer } from 'stepwright/mcp'
import { serveMcp } from '../../src/mcp/serve-mcp.ts'
import { reporting } from '../mcp/processes.ts'

const [dir = '', log = ''] = process.argv.slice(2)
const definition = reporting(log)
const runtime = await createRuntime({ processes: [definition], store: lowdbStore(dir) })
const { url } = await serveMcp(mcpServer({ client: runtime, processes: [definition] }), {
  host: '127.0.0.1',
  port: 0,
  token: false,
})
process.send?.(url)
