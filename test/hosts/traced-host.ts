// A host with OpenTelemetry that says which spans there are while its second step is under way, and
// is killed then.
import { trace } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { createRuntime, lowdbStore } from 'stepwright'
import { instrument } from 'stepwright/opentelemetry'
import { idsOf, shipping } from '../opentelemetry/processes.ts'

const [dir = ''] = process.argv.slice(2)
const exporter = new InMemorySpanExporter()
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
instrument()
let pid: string
const definition = shipping(() => {
  const spans = exporter.getFinishedSpans().map(span => ({ name: span.name, ...span.spanContext() }))
  process.send?.({ pid, pack: idsOf(), spans })
})
const runtime = await createRuntime({ processes: [definition], store: lowdbStore(dir) })
await trace.getTracer('test').startActiveSpan('POST /shipments', async request => {
  pid = (await runtime.start(definition)).pid
  request.end()
})
