import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import test from 'ava'
import { setup } from 'xstate'
import { metrics, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node'
import { createRuntime, defineProcess, lowdbStore, stepActor, typed } from '../../src/index.ts'
import { instrument } from '../../src/opentelemetry/index.ts'
import { createTestRuntime, memoryStore, TestClock } from '../../src/testing/index.ts'
import { tempDir } from '../temp-dir.ts'
import { idsOf, shipping } from './processes.ts'

const exporter = new InMemorySpanExporter()
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 })
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))

let end: () => void
test.serial.beforeEach(() => {
  exporter.reset()
  end = instrument()
})
test.serial.afterEach.always(() => end())
test.after.always(() => reader.shutdown())

const finished = (name: string): ReadableSpan[] => exporter.getFinishedSpans().filter(span => span.name === name)
const idsOfSpan = (span: ReadableSpan): object => {
  const { traceId, spanId } = span.spanContext()
  return { traceId, spanId }
}
const linksOf = (span: ReadableSpan): object[] =>
  span.links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId }))

/** Attributes of the data points of a metric, with the value, or the count of a histogram. */
async function pointsOf(name: string): Promise<[attributes: object, value: unknown][]> {
  metricExporter.reset()
  await reader.forceFlush()
  return metricExporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(scope => scope.metrics))
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPoints }) =>
      dataPoints.map(({ attributes, value }): [object, unknown] => [
        attributes,
        typeof value === 'object' && 'count' in value ? value.count : value,
      ]),
    )
}

test.serial('a process of a killed host goes on in linked traces', async t => {
  const dir = await tempDir(t)
  const child = fork(join(import.meta.dirname, '../hosts/traced-host.ts'), [dir], { execArgv: process.execArgv })
  const [killed] = (await once(child, 'message')) as [
    { pid: string; pack: object; spans: { name: string; traceId: string; spanId: string }[] },
  ]
  child.kill('SIGKILL')
  await once(child, 'exit')
  const before = (name: string): { traceId: string; spanId: string } => {
    const { traceId, spanId } = killed.spans.find(span => span.name === name)!
    return { traceId, spanId }
  }
  t.is(before('start shipping').traceId, before('POST /shipments').traceId, 'the start is part of the request')

  const definition = shipping(() => {})
  const runtime = await createRuntime({ processes: [definition], store: lowdbStore(dir) })
  const result = (await runtime.result(killed.pid)) as unknown as Record<'pick' | 'pack' | 'label', object>
  await runtime.close()

  t.deepEqual(result.pick, before('attempt shipping pick'), 'the work of a step is in its span')
  const [attempt, ...more] = finished('attempt shipping pack')
  t.deepEqual(more, [])
  t.deepEqual(result.pack, idsOfSpan(attempt!))
  t.is(attempt!.parentSpanContext, undefined)
  t.deepEqual(linksOf(attempt!), [before('start shipping'), killed.pack])
  t.like(attempt!.attributes, {
    'stepwright.process.pid': killed.pid,
    'stepwright.definition.name': 'shipping',
    'stepwright.definition.version': '7',
    'stepwright.step.name': 'pack',
    'stepwright.attempt.number': 2,
    'stepwright.attempt.outcome': 'finished',
  })
  t.is(attempt!.kind, SpanKind.CONSUMER)
  const [remembered] = finished('once')
  t.is(remembered!.parentSpanContext?.spanId, attempt!.spanContext().spanId)
  t.is(remembered!.attributes['stepwright.once.remembered'], true)
  t.is(finished('adopt').length, 1)
  const [whole] = finished('process shipping')
  t.deepEqual(linksOf(whole!), [before('start shipping'), idsOfSpan(attempt!)])
  t.is(whole!.attributes['stepwright.process.status'], 'finished')
})

test.serial('what a step calls is a child of its span, with the baggage of the starter', async t => {
  const server = createServer((request, response) => {
    const { traceparent, baggage } = request.headers
    response.end(JSON.stringify({ traceparent, baggage }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const definition = defineProcess({ name: 'calls' }).step('call', async () => {
    const headers: Record<string, string> = {}
    const { context } = await import('@opentelemetry/api')
    // As an instrumentation of fetch does it.
    propagation.inject(context.active(), headers)
    return (await (await fetch(`http://127.0.0.1:${port}`, { headers })).json()) as Record<string, string>
  })
  const runtime = await createTestRuntime({ processes: [definition] })
  const { context } = await import('@opentelemetry/api')
  const baggage = propagation.createBaggage({ tenant: { value: 'acme' } })
  const job = await context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () => runtime.start(definition))
  const received = await job.result()
  const [attempt] = finished('attempt calls call')
  const { traceId, spanId } = attempt!.spanContext()
  t.deepEqual(received, { traceparent: `00-${traceId}-${spanId}-01`, baggage: 'tenant=acme' })
  const starter = finished('start calls')[0]!.spanContext()
  t.deepEqual((await runtime.get(job.pid))!.trace, {
    traceparent: `00-${starter.traceId}-${starter.spanId}-01`,
    baggage: 'tenant=acme',
  })
  await runtime.close()
  server.close()
})

test.serial('an attempt that fails has its error, and the next one a link to it', async t => {
  const definition = defineProcess({ name: 'fails', input: typed<number>() }).step(
    'try',
    (): number => {
      throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' })
    },
    { retry: 2 },
  )
  const runtime = await createTestRuntime({ processes: [definition] })
  const job = await runtime.start(definition, 1)
  await runtime.until(job.pid, info => info.steps[0]!.status === 'waiting')
  await runtime.clock.advance('1m')
  await t.throwsAsync(job.result())
  const [first, second] = finished('attempt fails try')
  t.deepEqual(first!.status, { code: SpanStatusCode.ERROR, message: 'the disk is full' })
  t.is(first!.attributes['error.type'], 'ENOSPC')
  t.is(first!.events[0]!.name, 'exception')
  t.deepEqual(linksOf(second!), [idsOfSpan(finished('start fails')[0]!), idsOfSpan(first!)])
  t.like(finished('process fails')[0]!.status, { code: SpanStatusCode.ERROR })
  await runtime.close()
})

test.serial('records that are written inside of a trace are spans of it', async t => {
  const definition = defineProcess({ name: 'writes' }).step('a', () => 1)
  const runtime = await createTestRuntime({ processes: [definition] })
  await (await runtime.start(definition)).result()
  const [attempt] = finished('attempt writes a')
  const writes = finished('write record')
  t.true(writes.length >= 1)
  t.true(writes.some(span => span.parentSpanContext?.spanId === attempt!.spanContext().spanId))
  await runtime.close()
})

test.serial('metrics have names and outcomes, and never a pid', async t => {
  const world = { store: memoryStore(), clock: new TestClock() }
  const definition = defineProcess({ name: 'measured' })
    .step('a', () => 1, { interrupt: true })
    .step('b', (): number => {
      throw new RangeError('no')
    })
  const first = await createTestRuntime({ processes: [definition], concurrency: 4, ...world })
  const { pid } = await first.start(definition)
  await first.until(pid, 'interrupted')
  const name = 'stepwright.definition.name'
  const live = await pointsOf('stepwright.process.count')
  t.deepEqual(
    live
      .filter(([, value]) => value !== 0 && value !== undefined)
      .filter(([attributes]) => (attributes as any)[name] === 'measured'),
    [[{ [name]: 'measured', 'stepwright.process.status': 'interrupted' }, 1]],
  )
  t.deepEqual(await pointsOf('stepwright.slot.limit'), [[{}, 4]])
  t.deepEqual(await pointsOf('stepwright.slot.usage'), [[{}, 0]])
  await first.close()
  const second = await createTestRuntime({ processes: [definition], ...world })
  await second.proceed(pid)
  await t.throwsAsync(second.result(pid))
  await second.close()
  const mine = async (metric: string) =>
    (await pointsOf(metric)).filter(([attributes]) => (attributes as any)[name] === 'measured')
  t.deepEqual(await mine('stepwright.adoption.count'), [
    [{ [name]: 'measured', 'stepwright.adoption.released': true }, 1],
  ])
  t.deepEqual(await mine('stepwright.process.duration'), [
    [{ [name]: 'measured', 'stepwright.process.status': 'error', 'error.type': 'RangeError' }, 1],
  ])
  t.deepEqual(await mine('stepwright.attempt.duration'), [
    [{ [name]: 'measured', 'stepwright.step.name': 'a', 'stepwright.attempt.outcome': 'finished' }, 1],
    [
      {
        [name]: 'measured',
        'stepwright.step.name': 'b',
        'stepwright.attempt.outcome': 'failed',
        'error.type': 'RangeError',
      },
      1,
    ],
  ])
  t.true((await mine('stepwright.process.count')).every(([, value]) => value === 0))
  t.false(JSON.stringify(metricExporter.getMetrics()).includes(pid))
  t.true(((await pointsOf('stepwright.store.write.duration'))[0]![1] as number) > 0)
})

test.serial('once it is ended there are no spans, and wrong options are refused', async t => {
  end()
  const definition = defineProcess({ name: 'quiet' }).step('a', () => 1)
  const runtime = await createTestRuntime({ processes: [definition] })
  await (await runtime.start(definition)).result()
  await runtime.close()
  t.deepEqual(exporter.getFinishedSpans(), [])
  t.throws(() => instrument({ tracerProvider: {} as never }), { instanceOf: TypeError, message: /getTracer/ })
  t.truthy(trace)
})

test.serial('an undo is a span that says so, and a step actor has one for each attempt', async t => {
  const undone = defineProcess({ name: 'undone' })
    .step('charge', () => 'receipt', { undo: () => {} })
    .step('ship', (): number => {
      throw new Error('no stock')
    })
  const machine = setup({ actors: { think: stepActor(({ attempt }) => idsOf() && attempt) } }).createMachine({
    initial: 'thinking',
    states: { thinking: { invoke: { id: 'think', src: 'think', onDone: 'done' } }, done: { type: 'final' } },
  })
  const acting = defineProcess({ name: 'acting' }).machine('agent', machine)
  const runtime = await createTestRuntime({ processes: [undone, acting] })
  await t.throwsAsync(async () => (await runtime.start(undone)).result())
  const [undo] = finished('undo undone charge')
  t.deepEqual(linksOf(undo!), [idsOfSpan(finished('start undone')[0]!), idsOfSpan(finished('attempt undone ship')[0]!)])
  t.is(undo!.attributes['stepwright.attempt.outcome'], 'finished')
  await (await runtime.start(acting)).result()
  const [attempt] = finished('attempt acting agent/think')
  t.deepEqual(
    linksOf(attempt!),
    ['start acting', 'attempt acting agent'].map(name => idsOfSpan(finished(name)[0]!)),
  )
  t.like(attempt!.attributes, { 'stepwright.step.name': 'agent', 'stepwright.step.actor': 'think' })
  await runtime.close()
})
