import type * as Sqlite from 'node:sqlite'

/**
 * `node:sqlite`, loaded when the first store is used. Node 22 warns on loading it that it is experimental, on the stderr of whoever runs
 * the program; docs/sqlite.md says so instead. Any other warning gets through.
 */
export function loadSqlite(): typeof Sqlite {
  const emitWarning = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (!/^SQLite is an experimental feature/.test(String(warning))) Reflect.apply(emitWarning, process, [warning, ...rest])
  }) as typeof emitWarning
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}
