import fastify from 'fastify'
import { createRuntime } from 'stepwright'
import { dashboard } from 'stepwright/dashboard'
import { report, type Question } from './reports.ts'

const app = fastify()
// Fastify's logger, where there is one, takes what the runtime has to say.
const runtime = await createRuntime({ processes: [report], closeOn: ['SIGTERM', 'SIGINT'] })
const page = dashboard({ client: runtime, path: '/processes' })

app.post<{ Body: Question; Headers: { 'idempotency-key'?: string } }>('/reports', async (request, reply) => {
  const job = await runtime.start(report, request.body, { key: request.headers['idempotency-key'] })
  return reply.code(202).header('location', `/reports/${job.pid}`).send({ pid: job.pid })
})

app.get<{ Params: { pid: string } }>('/reports/:pid', async (request, reply) => {
  const info = await runtime.get(request.params.pid)
  if (info === undefined) return reply.code(404).send()
  return { status: info.status, output: info.output, error: info.error?.message }
})

// The page reads requests itself: Fastify must not have read their bodies.
app.register(async scope => {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _body, done) => done(null))
  scope.all('/processes/*', (request, reply) => {
    reply.hijack()
    page.node(request.raw, reply.raw)
  })
})

console.log(await app.listen({ port: Number(process.env['PORT'] ?? 3000), host: '127.0.0.1' }))
