import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isProcessDefinition, type ProcessDefinition } from '../index.ts'
import { UsageError } from './failure.ts'
import { printable } from './printable.ts'

export interface Loaded {
  readonly processes: readonly ProcessDefinition[]
  readonly services: object
}

/**
 * The definitions that modules export, under any name or in an array, and the services their steps
 * need: an object that a module exports as `services`, or a function that makes it.
 *
 * @throws UsageError
 */
export async function loadModules(files: readonly string[]): Promise<Loaded> {
  const processes = await loadDefinitions(files)
  let services: object = {}
  for (const file of files) services = { ...services, ...(await servicesOf((await load(file))['services'], file)) }
  return { processes, services }
}

/**
 * The definitions alone.
 *
 * @throws UsageError
 */
export async function loadDefinitions(files: readonly string[]): Promise<readonly ProcessDefinition[]> {
  const processes = new Set<ProcessDefinition>()
  for (const file of files) {
    const found = Object.values(await load(file))
      .flat()
      .filter(isProcessDefinition)
    if (found.length === 0)
      throw new UsageError(`${printable(file)} exports no definition: export what defineProcess() returns`)
    for (const definition of found) processes.add(definition)
  }
  return [...processes]
}

async function load(file: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(resolve(file)).href
  try {
    return (await import(url)) as Record<string, unknown>
  } catch (error) {
    const { code, url: missing } = error as { code?: string; url?: string }
    // A module that imports something which is not there tells that itself.
    if (code === 'ERR_MODULE_NOT_FOUND' && (missing === undefined || missing === url))
      throw new UsageError(`There is no module ${printable(file)}`)
    throw error
  }
}

async function servicesOf(exported: unknown, file: string): Promise<object> {
  const services: unknown = typeof exported === 'function' ? await exported() : exported
  if (services === undefined) return {}
  if (typeof services === 'object' && services !== null) return services
  throw new UsageError(`\`services\` of ${printable(file)} is neither an object nor a function that returns one`)
}
