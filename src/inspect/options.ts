import { show } from '../client/check.ts'
import { checkRedact } from '../format/redact.ts'

export const STATELY = 'https://stately.ai/inspect'
const KNOWN = ['port', 'url', 'redact', 'quiet']

/** Where processes are shown, and what of them. */
export interface InspectorOptions {
  /** Of the local page; a port that is taken gives way to any free one. Default: any free one. */
  readonly port?: number | undefined
  /** The page of the inspector. Default: https://stately.ai/inspect */
  readonly url?: string | URL | undefined
  /** Paths in inputs, outputs and data that nobody is shown, such as `$.password` or `$..token`. */
  readonly redact?: readonly string[] | undefined
  /** Whether the address of the page is not printed. */
  readonly quiet?: boolean | undefined
}

/** @throws TypeError */
export function checkInspectorUrl(url: unknown, what: string): URL {
  const parsed = url instanceof URL ? url : typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol))
    throw new TypeError(`${what}: expected the http(s) address of an inspector's page, received ${show(url)}`)
  return parsed
}

/** @throws TypeError */
export function checkInspectorOptions(options: InspectorOptions) {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`inspector(options): expected an object, received ${show(options)}`)
  const strange = Object.keys(options).find(key => !KNOWN.includes(key))
  if (strange !== undefined) throw new TypeError(`inspector: unknown option ${show(strange)}. Known are ${KNOWN.join(', ')}`)
  const { port = 0, url = STATELY, redact, quiet = false } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new TypeError(`inspector({ port }): expected 0 to 65535, received ${show(port)}`)
  if (typeof quiet !== 'boolean') throw new TypeError(`inspector({ quiet }): expected true or false, received ${show(quiet)}`)
  return { port, quiet, url: checkInspectorUrl(url, 'inspector({ url })'), redact: checkRedact(redact, 'inspector({ redact })') }
}
