import type { Command } from 'commander'
import { storeOf } from '../../client/store-of.ts'
import { storeMetrics } from '../../metrics/store-metrics.ts'
import type { Act, Tools } from '../with-client.ts'

export function define(command: Command, act: Act): void {
  command
    .addHelpText(
      'after',
      `
Examples:
  $ stepwright metrics
  $ stepwright metrics > /var/lib/node_exporter/stepwright.prom`,
    )
    .action(act(metrics))
}

async function metrics({ io, client }: Tools): Promise<number> {
  io.stdout.write(await storeMetrics(storeOf(client)!, io.now()))
  return 0
}
