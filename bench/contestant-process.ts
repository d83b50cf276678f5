// A contestant in a Node process of its own: does what it is told by `team.ts`, and ends with
// whoever started it.
import type { OpenContestant, Setting } from './contestant.ts'
import type { Entry } from './entries.ts'
import { measure, measureLatency, type Latency, type Measured } from './measure.ts'

export type Order = { readonly count: number; readonly atOnce: number } | 'latency' | 'close'
export type Reply = Measured | Latency | 'open' | 'closed'

const { entry, setting } = JSON.parse(process.argv[2] ?? '') as { entry: Entry; setting: Setting }
const reply = (message: Reply): void => void process.send?.(message)

process.on('disconnect', () => process.exit(1))
const open = ((await import(entry.module)) as Record<string, OpenContestant>)[entry.open]!
const contestant = await open(setting)

process.on('message', (order: Order) => {
  void obey(order)
})
reply('open')

async function obey(order: Order): Promise<void> {
  if (order === 'latency') return reply(await measureLatency(contestant))
  if (order !== 'close') return reply(await measure(contestant, order.count, order.atOnce))
  await contestant.close()
  process.send?.('closed', () => process.exit())
}
