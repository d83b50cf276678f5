import type { TracingChannel } from 'node:diagnostics_channel'
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api'
import {
  adoptionChannel,
  attemptChannel,
  onceChannel,
  processChannel,
  startChannel,
  storeChannel,
  type AdoptionMessage,
  type AttemptMessage,
  type OnceMessage,
  type ProcessMessage,
  type StartMessage,
  type StoreMessage,
  type TracedAction,
} from '../record/diagnostics.ts'
import { isFinal, type Trace } from '../record/record.ts'
import * as names from './attributes.ts'

/** Lets the journal of a process keep the context of the span; without a propagator there is none. */
function keepIn(message: { trace?: Trace }, spanContext: Context): void {
  const carrier: Record<string, string> = {}
  propagation.inject(spanContext, carrier)
  if (Object.keys(carrier).length > 0) message.trace = carrier
}

/** Links to spans that began elsewhere, or long ago. */
const linksTo = (...traces: readonly (Trace | undefined)[]): Link[] =>
  traces.flatMap(one => {
    const spanContext = one && trace.getSpanContext(propagation.extract(ROOT_CONTEXT, one))
    return spanContext === undefined ? [] : [{ context: spanContext }]
  })

function fail(span: Span, error: unknown): void {
  const message = error instanceof Error ? error.message : String((error as ProcessMessage['error'])?.message ?? error)
  span.setAttribute(names.ERROR_TYPE, names.errorType(error))
  if (error instanceof Error) span.recordException(error)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}

interface Begun {
  readonly span: Span
  /** What the work runs in. */
  readonly inside: Context
}

/**
 * Makes a span of each action of a tracing channel.
 *
 * @param begin makes the span; `undefined`: none
 * @param end attributes that are known when the action is over
 */
function spansOf<Message extends TracedAction>(
  channel: TracingChannel<Message>,
  begin: (message: Message) => Begun | undefined,
  end: (message: Message) => Attributes,
): () => void {
  const spans = new WeakMap<Message, Span>()
  const subscribers = {
    start(message: Message): void {
      const begun = begin(message)
      if (begun === undefined) return
      spans.set(message, begun.span)
      message.run = work => context.with(begun.inside, work)
    },
    asyncEnd(message: Message): void {
      const span = spans.get(message)
      if (span === undefined) return
      span.setAttributes(end(message))
      if (message.error !== undefined) fail(span, message.error)
      span.end()
    },
  }
  channel.subscribe(subscribers)
  return () => {
    channel.unsubscribe(subscribers)
  }
}

/** Subscribes to all channels that have spans. */
export function makeSpans(tracer: Tracer): () => void {
  const child = (name: string, options: SpanOptions): Begun => {
    const span = tracer.startSpan(name, options)
    return { span, inside: trace.setSpan(context.active(), span) }
  }
  /**
   * A span only within an active one: otherwise each line of a journal would be a trace of its own.
   */
  const onlyChild = (name: string, options: SpanOptions): Begun | undefined =>
    trace.getActiveSpan() === undefined ? undefined : child(name, options)

  const endings = [
    spansOf(
      startChannel,
      (message: StartMessage) => {
        const begun = child(nameOf(message.operation, message.name), { kind: SpanKind.PRODUCER })
        keepIn(message, begun.inside)
        return begun
      },
      ({ name, key, pid }) => ({
        ...(name !== undefined && { [names.NAME]: name }),
        ...(key !== undefined && { [names.KEY]: key }),
        ...(pid !== undefined && { [names.PID]: pid }),
      }),
    ),
    spansOf(
      attemptChannel,
      (message: AttemptMessage) => {
        const { startedBy, previous } = message
        // A new trace, with the baggage of whoever started the process.
        const base = trace.deleteSpan(propagation.extract(ROOT_CONTEXT, startedBy ?? {}))
        const options = {
          kind: SpanKind.CONSUMER,
          root: true,
          links: linksTo(startedBy, previous),
          attributes: attemptAttributes(message),
        }
        const span = tracer.startSpan(attemptName(message), options, base)
        const inside = trace.setSpan(base, span)
        keepIn(message, inside)
        return { span, inside }
      },
      ({ outcome }) => (outcome === undefined ? {} : { [names.OUTCOME]: outcome }),
    ),
    spansOf(
      onceChannel,
      ({ name }: OnceMessage) => onlyChild('once', { attributes: { [names.ONCE]: name } }),
      ({ remembered }) => (remembered === undefined ? {} : { [names.REMEMBERED]: remembered }),
    ),
    spansOf(
      storeChannel,
      ({ host, pid, revision, event }: StoreMessage) =>
        onlyChild('write record', {
          kind: SpanKind.CLIENT,
          attributes: {
            [names.HOST]: host,
            [names.PID]: pid,
            [names.REVISION]: revision,
            [names.EVENT]: event.type,
          },
        }),
      () => ({}),
    ),
  ]

  const onProcess = (message: unknown): void => processSpan(tracer, message as ProcessMessage)
  const onAdoption = (message: unknown): void => {
    const { host, begunAt, adopted } = message as AdoptionMessage
    const attributes = { [names.HOST]: host, [names.ADOPTED]: adopted.length }
    tracer.startSpan('adopt', { root: true, startTime: new Date(begunAt), attributes }).end()
  }
  processChannel.subscribe(onProcess)
  adoptionChannel.subscribe(onAdoption)
  return () => {
    for (const end of endings) end()
    processChannel.unsubscribe(onProcess)
    adoptionChannel.unsubscribe(onAdoption)
  }
}

const nameOf = (operation: string, name: string | undefined): string =>
  name === undefined ? operation : `${operation} ${name}`

function attemptName({ name, step, kind, actor }: AttemptMessage): string {
  if (kind === 'undo') return `undo ${name} ${step.replace(/\.undo$/, '')}`
  return `attempt ${name} ${step}${actor === undefined ? '' : `/${actor}`}`
}

const attemptAttributes = ({
  host,
  pid,
  name,
  version,
  step,
  kind,
  attempt,
  part,
  actor,
}: AttemptMessage): Attributes => ({
  [names.HOST]: host,
  [names.PID]: pid,
  [names.NAME]: name,
  [names.VERSION]: version,
  [names.STEP]: step,
  [names.KIND]: kind,
  [names.ATTEMPT]: attempt,
  ...(part === 'items' && { [names.PART]: part }),
  ...(actor !== undefined && { [names.ACTOR]: actor }),
})

/**
 * Makes the span of a whole process from its record, when the process has ended: so no death of a
 * host loses it.
 */
function processSpan(tracer: Tracer, message: ProcessMessage): void {
  const { host, pid, name, version, status, error, at, createdAt, startedAt = createdAt } = message
  if (status === undefined || !isFinal(status)) return
  const span = tracer.startSpan(`process ${name}`, {
    root: true,
    startTime: new Date(startedAt),
    links: linksTo(message.trace, ...Object.values(message.traces ?? {})),
    attributes: {
      [names.HOST]: host,
      [names.PID]: pid,
      [names.NAME]: name,
      [names.VERSION]: version,
      [names.STATUS]: status,
    },
  })
  if (error !== undefined) fail(span, error)
  span.end(new Date(at))
}
