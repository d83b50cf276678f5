// Imports all pages of an API, each once: node import-users.ts. Kill it in the middle and run it again:
// it goes on with the first page it does not have.
import { setTimeout } from 'node:timers/promises'
import { createRuntime, defineProcess, typed } from 'stepwright'

const { API_URL = 'http://localhost:8080/users' } = process.env

interface Page {
  readonly users: readonly string[]
  readonly next?: string
}

async function fetchPage(cursor: string, signal: AbortSignal): Promise<Page> {
  const response = await fetch(`${API_URL}?cursor=${encodeURIComponent(cursor)}`, { signal })
  if (!response.ok) throw new Error(`The API answers ${response.status}`)
  return (await response.json()) as Page
}

const importUsers = defineProcess({ name: 'import-users', input: typed<{ cursor: string }>() }).step(
  'import',
  async ({ data, once, progress }) => {
    const users: string[] = []
    let cursor: string | undefined = data.cursor
    for (let pages = 1; cursor !== undefined; pages++) {
      const from: string = cursor
      const page = await once(`page-${from}`, ({ signal }) => fetchPage(from, signal), { retry: 5, timeout: '30s' })
      users.push(...page.users)
      progress(pages, undefined, `${users.length} users`)
      cursor = page.next
      // What is kind to the API need not survive a restart.
      await setTimeout(20)
    }
    return { users: users.length, last: users.at(-1) ?? null }
  },
)

const runtime = await createRuntime({ processes: [importUsers] })
const job = await runtime.start(importUsers, { cursor: 'first' }, { key: 'import' })
console.log(await job.result())
await runtime.close()
