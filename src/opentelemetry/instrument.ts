import { metrics, trace, type MeterProvider, type TracerProvider } from '@opentelemetry/api'
import { checkOptions, mustBe } from '../record/check.ts'
import { measure } from './measurements.ts'
import { makeSpans } from './spans.ts'

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** Default: the one that is registered with the API. */
  readonly tracerProvider?: TracerProvider | undefined
  /** Default: the one that is registered with the API. */
  readonly meterProvider?: MeterProvider | undefined
}

const provider =
  <Provider>(method: keyof Provider & string) =>
  (value: unknown, option: string): Provider => {
    if (typeof (value as Record<string, unknown> | null)?.[method] !== 'function')
      throw mustBe(option, `a provider, with ${method}()`, value)
    return value as Provider
  }

const CHECKS = {
  tracerProvider: provider<TracerProvider>('getTracer'),
  meterProvider: provider<MeterProvider>('getMeter'),
}

/**
 * Makes OpenTelemetry spans and metrics of what all hosts and clients of this Node process do, from
 * now on. Returns a function that ends it.
 *
 * @throws TypeError
 * @example
 * new NodeSDK().start()
 * instrument()
 */
export function instrument(options: InstrumentOptions = {}): () => void {
  const { tracerProvider = trace, meterProvider = metrics } = checkOptions(options, 'instrument()', CHECKS)
  const endings = [makeSpans(tracerProvider.getTracer('stepwright')), measure(meterProvider.getMeter('stepwright'))]
  return () => {
    for (const end of endings.splice(0)) end()
  }
}
