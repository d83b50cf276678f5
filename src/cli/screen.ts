import { styleText } from 'node:util'
import type { Io, Output } from './io.ts'

export type Style = Parameters<typeof styleText>[0]

/** Gives text a style, or leaves it as it is where there are no colours. */
export type Paint = (style: Style, text: string) => string

/** All that a renderer knows of where and when its text is read. */
export interface View {
  /** Columns; Infinity where lines may be as long as they like. */
  readonly width: number
  /** Epoch milliseconds. */
  readonly now: number
  readonly paint: Paint
}

const NARROWEST = 20

const colours: Paint = (style, text) => styleText(style, text, { validateStream: false })
const plain: Paint = (_, text) => text

/** Some terminals do not know their size and say 0. */
export const widthOf = ({ isTTY, columns }: Output): number => (isTTY === true ? Math.max(columns || 80, NARROWEST) : Infinity)

/** Only terminals get colours, unless NO_COLOR, or TERM=dumb, says no. */
export function hasColours(stream: Output, env: Io['env']): boolean {
  if (stream.isTTY !== true) return false
  return stream.hasColors ? stream.hasColors(env) : env['NO_COLOR'] === undefined || env['NO_COLOR'] === ''
}

export const viewOf = ({ stdout, env, now }: Io): View => ({
  width: widthOf(stdout),
  now: now(),
  paint: hasColours(stdout, env) ? colours : plain,
})

/** Whether lines can be drawn anew in place. */
export const isLive = ({ stdout, env }: Io): boolean => stdout.isTTY === true && env['TERM'] !== 'dumb'
