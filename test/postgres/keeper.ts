// Keeps one PostgreSQL server for all test files of a run: started by the first that needs it,
// ended when the run is over. Arguments: the process whose end is the end of the run, and the
// folder that belongs to the run.
import fs from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from './server.ts'

const [run = '', folder = ''] = process.argv.slice(2)
const LOOK_MS = 500

const isRunning = (): boolean => {
  try {
    return process.kill(Number(run), 0)
  } catch {
    return false
  }
}

async function write(name: string, text: string): Promise<void> {
  await fs.promises.writeFile(join(folder, `.${name}`), text)
  await fs.promises.rename(join(folder, `.${name}`), join(folder, name))
}

try {
  // Tests crash hosts and clients, never the disk: what is not synced is no loss. And no host needs
  // time to come back after its start.
  const server = await startPostgres({ dir: folder, settings: { fsync: 'off', 'stepwright.grace': '0 s' } })
  await write('url', server.url)
  const looking = setInterval(() => {
    if (isRunning()) return
    clearInterval(looking)
    void server.stop().finally(() => fs.rmSync(folder, { recursive: true, force: true }))
  }, LOOK_MS)
} catch (error) {
  await write('failed', String((error as Error).stack))
}
