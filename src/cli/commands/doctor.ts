import { LIVE_STATUSES } from '../../record/record.ts'
import type { Command } from 'commander'
import { storeAt } from '../../client/store-at.ts'
import type { Damage, Store } from '../../store/store.ts'
import { printableJson, printableLines } from '../printable.ts'
import type { Act, Tools } from '../with-client.ts'

/** Something is wrong that was not put right. */
const WRONG = 1

interface Flags {
  readonly repair?: true
  readonly json?: true
}

/** One thing that is wrong. */
interface Finding {
  readonly code: string
  readonly message: string
  /** Where `--repair` has moved it. */
  readonly movedTo?: string
  /** What may be done about it. */
  readonly advice?: string
}

export function define(command: Command, act: Act): void {
  command
    .option('--repair', 'move what makes no sense out of the way: to lost+found/, or the table lost_and_found')
    .option('--json', 'print an array of {"code","message","movedTo","advice"}')
    .addHelpText(
      'after',
      `
Reads every journal and every other document of the store to its end. Nothing is ever deleted. What a host that may be alive is writing is not
moved: stop the host first.
Exit status: 0 nothing is wrong, or all of it was moved, 1 something is wrong, 2 wrong use or the store could not be read.

Examples:
  $ stepwright doctor
  $ stepwright doctor --repair --json | jq -r '.[].movedTo'`,
    )
    .action(act(doctor))
}

async function doctor({ io, path }: Tools, { repair, json }: Flags): Promise<number> {
  const store = storeAt(path)
  const findings: Finding[] = []
  const tell = (finding: Finding): void => {
    findings.push(finding)
    if (json) return
    const { message, movedTo, advice } = finding
    const rest = movedTo === undefined ? advice : `Moved to ${movedTo}`
    io.stdout.write(`${printableLines(rest === undefined ? message : `${message}\n  ${rest}`).join('\n')}\n`)
  }
  try {
    for await (const damage of store.damages()) tell(await treat(damage, repair ?? false))
    for await (const finding of lostProcesses(store)) tell(finding)
  } finally {
    await store.close()
  }
  const left = findings.filter(({ movedTo }) => movedTo === undefined).length
  if (json) io.stdout.write(`${printableJson(findings, 2)}\n`)
  else io.stderr.write(`stepwright: ${summary(findings.length, findings.length - left)}\n`)
  return left === 0 ? 0 : WRONG
}

async function treat({ error, setAside }: Damage, repair: boolean): Promise<Finding> {
  const { message, code = 'ERR_STORE_CORRUPT' } = error as Error & { code?: string }
  if (setAside === undefined) return { code, message }
  if (!repair) return { code, message, advice: 'To move it out of the way, add --repair.' }
  const movedTo = await setAside()
  return movedTo === undefined
    ? { code, message, advice: 'It was not moved: stop the host that writes it first.' }
    : { code, message, movedTo }
}

/** Processes whose host is gone go on once a host that knows their definition opens the store. */
async function* lostProcesses(store: Store): AsyncGenerator<Finding> {
  const names = new Map<string, { count: number; names: Set<string> }>()
  for await (const { record, host } of store.list({ status: LIVE_STATUSES })) {
    if (host === undefined || host.state !== 'dead') continue
    const found = names.get(host.id) ?? { count: 0, names: new Set() }
    names.set(host.id, { count: found.count + 1, names: found.names.add(record.name) })
  }
  for (const [id, { count, names: known }] of names) {
    yield {
      code: 'ERR_HOST_DIED',
      message: `Host ${id} is dead and has ${count} ${count === 1 ? 'process' : 'processes'} of ${[...known].join(', ')}.`,
      advice: 'They go on once a runtime that knows their definitions opens the store.',
    }
  }
}

function summary(found: number, moved: number): string {
  if (found === 0) return 'nothing is wrong'
  return `${found} ${found === 1 ? 'thing is' : 'things are'} wrong${moved === 0 ? '' : `, ${moved} moved out of the way`}`
}
