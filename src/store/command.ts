import { Nonsense, parseObject } from '../journal/line.ts'
import { isPid } from '../record/pid.ts'
import type { Json } from '../record/record.ts'

/** What every command has. Its id has the form of a pid, so that ids sort by the time they were made; `at` is epoch milliseconds. */
export interface CommandHead {
  readonly pid: string
  readonly id: string
  readonly at: number
}

/**
 * What a client asks of a process that lives elsewhere. `proceed` names the paused step it is about: of two clients that let the same
 * step go on, one does.
 */
export type Command = CommandHead &
  (
    | { readonly type: 'cancel'; readonly reason?: string }
    | { readonly type: 'proceed'; readonly step: string; readonly data?: Json }
    | { readonly type: 'send'; readonly event: Json }
  )

/** Why a host did not do what a command asked for. */
export interface Refusal {
  readonly code: string
  readonly message: string
}

/** What has become of a command. A host that takes one first writes the record which carries its id. */
export type Answer = 'waiting' | 'taken' | { readonly refused: Refusal }

const isText = (value: unknown): value is string => typeof value === 'string'

/**
 * A stored command, or the refusal that took its place.
 * @throws Nonsense
 */
export function parseCommand(text: string, pid: string, id: string): Command | { readonly refused: Refusal } {
  const value = parseObject(text, 'it')
  const { refused } = value as { refused?: Partial<Refusal> }
  if (isText(refused?.code) && isText(refused.message)) return { refused: { code: refused.code, message: refused.message } }
  if (value['pid'] !== pid || value['id'] !== id || !isPid(id) || !Number.isFinite(value['at']))
    throw new Nonsense('it is no command for this process')
  const isFit =
    value['type'] === 'cancel'
      ? value['reason'] === undefined || isText(value['reason'])
      : value['type'] === 'proceed'
        ? isText(value['step'])
        : value['type'] === 'send' && value['event'] !== undefined
  if (!isFit) throw new Nonsense('it is no command that this version knows')
  return value as unknown as Command
}
