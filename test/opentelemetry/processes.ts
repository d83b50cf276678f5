import { trace } from '@opentelemetry/api'
import { defineProcess } from '../../src/index.ts'

export const idsOf = (): { readonly traceId: string; readonly spanId: string } | undefined => {
  const found = trace.getActiveSpan()?.spanContext()
  return found && { traceId: found.traceId, spanId: found.spanId }
}

/** Its second step ends on the second attempt only. */
export const shipping = (onPack: () => void) =>
  defineProcess({ name: 'shipping', version: '7' })
    .step('pick', () => ({ span: idsOf() }))
    .step('pack', async ({ attempt, once, data }) => {
      const label = await once('label', () => idsOf()!)
      onPack()
      if (attempt === 1) await new Promise(() => {})
      return { pick: data.span!, pack: idsOf()!, label }
    })
