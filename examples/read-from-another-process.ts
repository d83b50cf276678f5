// Reads processes that another Node process runs. It needs no definitions and no server, only the
// folder that both share.
//   read-from-another-process.ts          lists the newest processes
//   read-from-another-process.ts <pid>    follows a process to its end
//   read-from-another-process.ts --demo   runs spawn.ts in a child process, and follows the process that it starts
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { openClient, ProcessError, type Client } from 'stepwright/client'

async function listNewest(client: Client): Promise<void> {
  let any = false
  for await (const { pid, name, status, createdAt } of client.list({ limit: 10 })) {
    any = true
    console.log(`${pid}  ${status.padEnd(11)}  ${createdAt}  ${name}`)
  }
  if (!any) console.log('There are no processes yet: start one in this folder with examples/spawn.ts, or use --demo')
}

async function follow(client: Client, pid: string): Promise<void> {
  const now = await client.get(pid)
  if (now === undefined) throw new Error(`There is no process ${pid} in .stepwright of this folder`)
  const where = now.host === undefined ? '' : ` in Node process ${now.host.osPid}`
  console.log(`${now.name} is ${now.status}${where} (this is ${process.pid})`)

  for await (const { status, steps } of client.watch(pid)) {
    const step = steps.find(step => step.status === 'running')
    console.log(step ? `${step.name} ${step.progress?.message ?? ''}`.trim() : status)
  }

  try {
    console.log('Result:', await client.result(pid))
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error
    console.log(`It has no result: ${error.message}`)
  }
}

/** Starts spawn.ts, and resolves with the pid that it prints first. */
async function spawnDemo(): Promise<string> {
  const args = ['--conditions=@stepwright/source', join(import.meta.dirname, 'spawn.ts')]
  const host = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(host.stdout), 'line')) as [string]
  return line.replace('Process ', '')
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { demo: { type: 'boolean', default: false } },
})
const pid = values.demo ? await spawnDemo() : positionals[0]
const client = openClient('.stepwright')
try {
  await (pid === undefined ? listNewest(client) : follow(client, pid))
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
} finally {
  await client.close()
}
