export type { McpClient } from './mcp-client.ts'
export { mcpServer, type McpServerOptions } from './mcp-server.ts'
