import type { Client } from '../client/client.ts'
import type { ProcessDefinition } from '../record/definition.ts'

/** A client, or a runtime, which starts processes itself. */
export interface McpClient extends Client {
  start?(definition: ProcessDefinition, input?: unknown): Promise<{ readonly pid: string }>
}
