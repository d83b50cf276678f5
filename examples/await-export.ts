// Starts an export elsewhere, and asks whether it is done, less and less often: node await-export.ts.
// Between two questions the process sleeps: it takes no slot, and the program may be restarted.
import { createRuntime, defineProcess, typed } from 'stepwright'

const { API_URL = 'http://localhost:8080/exports', FIRST_WAIT_MS = '1000' } = process.env
const LONGEST_WAIT_MS = 60_000

async function call<Answer>(method: string, path = '', headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${API_URL}${path}`, { method, headers })
  if (!response.ok) throw new Error(`The API answers ${response.status}`)
  return (await response.json()) as Answer
}

const awaitExport = defineProcess({ name: 'await-export', input: typed<{ table: string }>() }).step(
  'export',
  async ({ data, once, sleep }) => {
    const { id } = await once('begin', ({ idempotencyKey }) =>
      call<{ id: string }>('POST', `?table=${data.table}`, { 'idempotency-key': idempotencyKey }),
    )
    for (let n = 0; ; n++) {
      const { file } = await once(`look-${n}`, () => call<{ file: string | null }>('GET', `/${id}`), { retry: 5 })
      if (file !== null) return file
      await sleep(`wait-${n}`, Math.min(Number(FIRST_WAIT_MS) * 2 ** n, LONGEST_WAIT_MS))
    }
  },
)

const runtime = await createRuntime({ processes: [awaitExport] })
const job = await runtime.start(awaitExport, { table: 'users' }, { key: 'export users' })
console.log(await job.result())
await runtime.close()
