import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createRuntime } from 'stepwright'
import { dashboard } from 'stepwright/dashboard'
import { report, type Question } from './reports.ts'

const runtime = await createRuntime({ processes: [report], closeOn: ['SIGTERM', 'SIGINT'] })
const page = dashboard({ client: runtime, path: '/processes' })
const app = new Hono()

app.post('/reports', async c => {
  const job = await runtime.start(report, await c.req.json<Question>(), { key: c.req.header('idempotency-key') })
  return c.json({ pid: job.pid }, 202, { location: `/reports/${job.pid}` })
})

app.get('/reports/:pid', async c => {
  const info = await runtime.get(c.req.param('pid'))
  if (info === undefined) return c.notFound()
  return c.json({ status: info.status, output: info.output ?? null, error: info.error?.message })
})

app.all('/processes/*', c => page.fetch(c.req.raw))

serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 3000), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}`)
})
