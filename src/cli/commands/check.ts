import type { Command } from 'commander'
import { storeAt } from '../../client/store-at.ts'
import { checkStored, type StoredMisfit } from '../../index.ts'
import { loadDefinitions } from '../modules.ts'
import { printable, printableJson } from '../printable.ts'
import { lookOf } from '../render/status.ts'
import { table } from '../render/table.ts'
import { viewOf } from '../screen.ts'
import type { Act, Tools } from '../with-client.ts'

/** Exit status: some processes could not continue. */
const MISFITS = 1

export function define(command: Command, act: Act): void {
  command
    .argument('<module...>', 'files (.js or .ts) that export the definitions')
    .option('--json', 'print {"checked","migrated","misfits"} as JSON')
    .addHelpText(
      'after',
      `
Run it before a deployment. The rules are those of a host with only these definitions: \`migrate\` is called,
\`services\` are not, and nothing is written.
Exit status: 0 all can continue, 1 some cannot, 2 wrong use or it could not be done.

Examples:
  $ stepwright check processes.ts
  $ stepwright check dist/processes.js --json | jq -r '.misfits[].pid'`,
    )
    .action(act(check))
}

async function check({ io, path }: Tools, modules: readonly string[], { json }: { json?: true }): Promise<number> {
  const store = storeAt(path)
  try {
    const found = await checkStored(await loadDefinitions(modules), store)
    const { checked, migrated, misfits } = found
    if (json) io.stdout.write(`${printableJson(found, 2)}\n`)
    else {
      if (misfits.length > 0) io.stdout.write(`${misfitTable(misfits, io).join('\n')}\n`)
      const moved = migrated === 0 ? '' : `, ${migrated} of them where \`migrate\` says`
      io.stderr.write(`stepwright: ${checked - misfits.length} of ${checked} live processes can continue${moved}\n`)
    }
    return misfits.length === 0 ? 0 : MISFITS
  } finally {
    await store.close()
  }
}

const misfitTable = (misfits: readonly StoredMisfit[], io: Tools['io']): string[] =>
  table<StoredMisfit>(
    [
      { title: 'PID', cell: ({ pid }) => printable(pid) },
      { title: 'NAME', cell: ({ name = '' }) => printable(name), least: 8 },
      { title: 'VERSION', cell: ({ version = '' }) => printable(version), dispensable: true },
      {
        title: 'STATUS',
        cell: ({ status = '' }) => status,
        style: ({ status }) => status && lookOf(status).style,
        dispensable: true,
      },
      { title: 'WHY NOT', cell: ({ message }) => printable(message), least: 20 },
    ],
    misfits,
    viewOf(io),
  )
