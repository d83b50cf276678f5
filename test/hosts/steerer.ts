// Another Node process that steers: does what the JSON of its argument says, all at once, and sends
// back what came of it.
//   steerer.ts <dir> '[["proceed", pid, data], ...]'
import { openClient } from '../../src/client/index.ts'

const [dir = '', wishes = '[]'] = process.argv.slice(2)
const client = openClient(dir)
const outcomes = await Promise.all(
  (
    JSON.parse(wishes) as [
      verb: 'cancel' | 'proceed' | 'send' | 'submit' | 'fork' | 'delete',
      ...args: [string, never],
    ][]
  ).map(async ([verb, ...args]) => {
    const begun = performance.now()
    try {
      const call = client[verb].bind(client) as (...given: unknown[]) => Promise<unknown>
      return { outcome: (await call(...args)) ?? 'done', ms: performance.now() - begun }
    } catch (error) {
      return { outcome: (error as { code?: string }).code ?? String(error), ms: performance.now() - begun }
    }
  }),
)
process.send!(outcomes)
await client.close()
process.disconnect?.()
