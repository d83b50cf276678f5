import { check, checkFlag, checkOptions, mustBe } from '../record/check.ts'
import { checkRedact } from '../format/redact.ts'

export const STATELY = 'https://stately.ai/inspect'

/** Options of `inspector`. */
export interface InspectorOptions {
  /** The port of the local page. If it is taken, any free port is used. Default: any free port. */
  readonly port?: number | undefined
  /** The page of the inspector. Default: https://stately.ai/inspect */
  readonly url?: string | URL | undefined
  /** Paths to hide in inputs, outputs and data, such as `$.password` or `$..token`. */
  readonly redact?: readonly string[] | undefined
  /** Whether to print nothing. By default the address of the page is printed. */
  readonly quiet?: boolean | undefined
}

/** @throws TypeError */
export function checkInspectorUrl(url: unknown, what: string): URL {
  const parsed = url instanceof URL ? url : typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (parsed !== undefined && ['http:', 'https:'].includes(parsed.protocol)) return parsed
  throw mustBe(what, `the http(s) address of an inspector's page`, url)
}

const checkPort = check<number>(
  'an integer from 0 to 65535',
  port => Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 65_535,
)

/** @throws TypeError */
export function checkInspectorOptions(options: InspectorOptions) {
  const checks = { port: checkPort, url: checkInspectorUrl, redact: checkRedact, quiet: checkFlag }
  const { port = 0, url = new URL(STATELY), redact = [], quiet = false } = checkOptions(options, 'inspector()', checks)
  return { port, url, redact, quiet }
}
