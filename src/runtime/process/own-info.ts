import { copyJson } from '../../record/json.ts'
import type { ProcessInfo } from '../../record/info.ts'
import type { Json } from '../../record/record.ts'

/**
 * An info of the receiver's own: what is done to it must not reach the process. Data may be large,
 * so it is copied when it is looked at.
 */
export function ownInfo({ input, output, ...rest }: ProcessInfo): ProcessInfo {
  const info = copyJson(rest as unknown as Json) as unknown as ProcessInfo
  lazily(info, 'input', input as Json)
  if (output !== undefined) lazily(info, 'output', output as Json)
  return info
}

function lazily(info: ProcessInfo, key: 'input' | 'output', shared: Json): void {
  let own: Json
  Object.defineProperty(info, key, { get: () => (own ??= copyJson(shared)), enumerable: true })
}
