/** Names of attributes that are our own. Those of OpenTelemetry come first. */
export const ERROR_TYPE = 'error.type'

export const NAME = 'stepwright.definition.name'
export const VERSION = 'stepwright.definition.version'
export const PID = 'stepwright.process.pid'
export const STATUS = 'stepwright.process.status'
export const KEY = 'stepwright.process.key'
export const STEP = 'stepwright.step.name'
export const KIND = 'stepwright.step.kind'
export const PART = 'stepwright.step.part'
export const ACTOR = 'stepwright.step.actor'
export const ATTEMPT = 'stepwright.attempt.number'
export const OUTCOME = 'stepwright.attempt.outcome'
export const ONCE = 'stepwright.once.name'
export const REMEMBERED = 'stepwright.once.remembered'
export const REVISION = 'stepwright.record.revision'
export const EVENT = 'stepwright.record.event'
export const HOST = 'stepwright.host.id'
export const RELEASED = 'stepwright.adoption.released'
export const ADOPTED = 'stepwright.adoption.processes'

/** The code of an error, or else its name: few different values, as `error.type` must have. */
export function errorType(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  if (typeof code === 'string') return code
  return typeof name === 'string' ? name : '_OTHER'
}
