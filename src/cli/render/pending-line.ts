import type { PendingCommandInfo } from '../../index.ts'
import { printable } from '../printable.ts'
import { relative } from './time.ts'

/** A command that waits, for people. */
export const pendingLine = ({ id, type, event, step, name, at }: PendingCommandInfo, now: number): string =>
  printable([type, event, name ?? (step && `for ${step}`), `(${relative(at, now)})`, id].filter(Boolean).join(' '))
