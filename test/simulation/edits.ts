/**
 * What the simulation changes in the sources: limits that no short run reaches, and state that
 * outlives a process here.
 */
export const EDITS: readonly { readonly file: string; readonly find: string; readonly replace: string }[] = [
  {
    file: 'src/journal/worth-keeping.ts',
    find: 'export const COMPACT_AT = 8 * 1024 * 1024',
    replace: 'export let COMPACT_AT = 0; globalThis.__reborn.push(({ compactAt }) => { COMPACT_AT = compactAt })',
  },
  {
    file: 'src/client/steer.ts',
    find: 'let newest = 0',
    replace: 'let newest = 0; globalThis.__reborn.push(() => { newest = 0 })',
  },
]
