import { show } from '../record/show.ts'

/**
 * The function that a module exports.
 * @throws TypeError if it exports none by that name; whatever loading the module throws
 */
export async function loadModule(module: URL, exported: string): Promise<(context: unknown) => unknown> {
  const found: unknown = ((await import(module.href)) as Record<string, unknown>)[exported]
  if (typeof found === 'function') return found as (context: unknown) => unknown
  throw new TypeError(`${module.href} must export a function '${exported}'; it is ${show(found)}`)
}
