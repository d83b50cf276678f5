import type * as Sqlite from 'node:sqlite'

/**
 * `node:sqlite`, loaded when the first store is used. Node 22 warns on loading it that it is experimental, on the stderr of whoever runs
 * the program; docs/sqlite.md says so instead. Any other warning gets through.
 */
export function loadSqlite(): typeof Sqlite {
  const before = Object.getOwnPropertyDescriptor(process, 'emitWarning')!
  const emit = before.value as (...warning: unknown[]) => void
  const value = (...warning: unknown[]): void => {
    if (!String(warning[0]).startsWith('SQLite is an experimental feature')) Reflect.apply(emit, process, warning)
  }
  Object.defineProperty(process, 'emitWarning', { ...before, value })
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    Object.defineProperty(process, 'emitWarning', before)
  }
}
