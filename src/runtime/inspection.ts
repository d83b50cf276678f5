import type { AnyActor } from 'xstate'
import type { CheckedOptions } from './options.ts'
import { notify } from './listeners.ts'
import type { Environment } from './process/environment.ts'

/**
 * The inspector of `stepwright/inspect` is handed actors and attaches itself to them only while
 * somebody looks: XState's inspection costs a process a sixth of its speed.
 */
export function showTo(inspect: CheckedOptions['inspect']): Environment['show'] {
  const attach = (inspect as { readonly [ATTACH]?: (actor: AnyActor) => void } | undefined)?.[ATTACH]
  return attach && (actor => notify('The inspector', () => attach(actor)))
}

const ATTACH = Symbol.for('stepwright.attach')

/** An inspector that throws must not reach the process it looks at. */
export function safely(inspect: CheckedOptions['inspect']): Environment['inspect'] {
  if (inspect === undefined) return undefined
  const next = typeof inspect === 'function' ? inspect : inspect.next?.bind(inspect)
  return event => notify('The inspector', () => next?.(event))
}
