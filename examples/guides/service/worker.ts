// A worker that runs until it is told to end: under systemd, or in a container.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRuntime } from 'stepwright'
import { report } from './reports.ts'

// systemd names the folder in STATE_DIRECTORY, and the container in STORE.
const store = process.env['STATE_DIRECTORY'] ?? process.env['STORE'] ?? '.stepwright'
const runtime = await createRuntime({ processes: [report], store, worker: true, closeOn: ['SIGTERM', 'SIGINT'] })

// Healthy is a host that can read its store and is alive in it.
const server = createServer(async (_request, response) => {
  const hosts = await runtime.hosts().catch(() => [])
  const isHealthy = hosts.some(({ osPid, state }) => osPid === process.pid && state === 'alive')
  response.writeHead(isHealthy ? 200 : 503).end(isHealthy ? 'ok\n' : 'not alive\n')
})
server.listen(Number(process.env['PORT'] ?? 8080), process.env['HOST'] ?? '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
