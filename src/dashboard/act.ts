import { StepwrightError } from '../errors.ts'
import { ACTIONS, type Action } from './protocol.ts'

/**
 * The methods behind the buttons of the page, as far as the client has them. Runtimes and clients
 * have all.
 */
export interface DashboardClient {
  cancel?(pid: string, reason?: string): Promise<unknown>
  proceed?(pid: string, data: unknown, options: { readonly name?: string | undefined }): Promise<unknown>
  retry?(pid: string): Promise<string>
  fork?(pid: string, options: { readonly from?: string }): Promise<string>
  submit?(
    name: string,
    input: unknown,
    options: { readonly key?: string; readonly labels?: Readonly<Record<string, string>> },
  ): Promise<string>
  delete?(pid: string): Promise<unknown>
}

export const actionsOf = (actor: DashboardClient, readOnly: boolean): Action[] =>
  readOnly ? [] : ACTIONS.filter(name => typeof actor[name] === 'function')

type Body = Readonly<Record<string, unknown>>

/** Carries out an action, and resolves with the body of the response. */
export async function act(actor: DashboardClient, action: Action, pid: string, body: Body): Promise<object> {
  switch (action) {
    case 'cancel':
      return { state: await actor.cancel?.(pid, text(body, 'reason')) }
    case 'proceed':
      return { state: await actor.proceed?.(pid, body['data'], { name: text(body, 'name') }) }
    case 'retry':
      return { pid: await actor.retry?.(pid) }
    case 'fork': {
      const from = text(body, 'from')
      return { pid: await actor.fork?.(pid, { ...(from !== undefined && { from }) }) }
    }
    case 'delete':
      await actor.delete?.(pid)
      return {}
    case 'submit': {
      const key = text(body, 'key')
      const labels = body['labels'] as Readonly<Record<string, string>> | undefined
      return {
        pid: await actor.submit?.(text(body, 'name') ?? '', body['input'] ?? null, {
          ...(key !== undefined && { key }),
          ...(labels && { labels }),
        }),
      }
    }
  }
}

function text(body: Body, name: string): string | undefined {
  const value = body[name]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string') return value
  throw new TypeError(`${name}: expected a text`)
}

const CONFLICTS: ReadonlySet<string> = new Set([
  'ERR_NOT_ENDED',
  'ERR_ALREADY_ENDED',
  'ERR_NOT_FAILED',
  'ERR_NOT_INTERRUPTED',
  'ERR_NAME_REQUIRED',
])

/** The HTTP status and the body for an error. */
export function failureOf(error: unknown): {
  readonly status: number
  readonly code?: string
  readonly message: string
} {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof TypeError) return { status: 400, message }
  if (!(error instanceof StepwrightError)) return { status: 500, message }
  const { code } = error
  const status =
    code === 'ERR_UNKNOWN_PROCESS' || code === 'ERR_STORE_MISSING'
      ? 404
      : CONFLICTS.has(code)
        ? 409
        : /^ERR_(INVALID|NOT_JSON|RECORD|UNKNOWN)/.test(code)
          ? 400
          : 500
  return { status, code, message }
}
