import type { AddressInfo } from 'node:net'
import express from 'express'
import { createRuntime } from 'stepwright'
import { dashboard } from 'stepwright/dashboard'
import { report, type Question } from './reports.ts'

// At SIGTERM the steps under way are told to end, and the next host goes on with their processes.
const runtime = await createRuntime({ processes: [report], closeOn: ['SIGTERM', 'SIGINT'] })
const page = dashboard({ client: runtime, path: '/processes' })
const app = express()

// The request answers once the process is stored. With the same key it is the same process.
app.post('/reports', express.json(), async (request, response) => {
  const job = await runtime.start(report, request.body as Question, { key: request.get('idempotency-key') })
  response.status(202).location(`/reports/${job.pid}`).json({ pid: job.pid })
})

app.get('/reports/:pid', async (request, response) => {
  const info = await runtime.get(request.params.pid)
  if (info === undefined) response.sendStatus(404)
  else response.json({ status: info.status, output: info.output, error: info.error?.message })
})

// It needs the token of `page.token`. With `token: false`, put your own check before it.
app.use('/processes', page.node)

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
