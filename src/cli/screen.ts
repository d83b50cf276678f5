import { styleText } from 'node:util'
import type { Io, Output } from './io.ts'

export type Style = Parameters<typeof styleText>[0]

/** Applies a style to text; returns the text unchanged where colours are off. */
export type Paint = (style: Style, text: string) => string

/** What a renderer needs to know: how wide, when, and in which colours it prints. */
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

/** Some terminals report a width of 0. */
export const widthOf = ({ isTTY, columns }: Output): number =>
  isTTY === true ? Math.max(columns || 80, NARROWEST) : Infinity

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

/** Whether the output can redraw lines in place. */
export const isLive = ({ stdout, env }: Io): boolean => stdout.isTTY === true && env['TERM'] !== 'dumb'
