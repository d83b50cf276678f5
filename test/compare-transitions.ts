// node --import this: every transition of every process is made by XState as well, and must not differ from that of the table.
import { registerHooks } from 'node:module'

const compared = new URL('./machines/compared.ts', import.meta.url).href

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    const isTable = found.url.endsWith('/src/machines/transition-table.ts') && context.parentURL !== compared
    return isTable ? { ...found, url: compared } : found
  },
})
