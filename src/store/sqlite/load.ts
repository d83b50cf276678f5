import type * as Sqlite from 'node:sqlite'

/**
 * Loads `node:sqlite`. Node 22 then warns on stderr that it is experimental, which docs/sqlite.md
 * says instead. All other warnings get through.
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
