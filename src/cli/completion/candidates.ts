import type { Command, Option } from 'commander'
import type { Client } from '../../client/client.ts'
import { isFinal, type ProcessStatus } from '../../record/record.ts'
import { definitionsOf } from '../definitions-of.ts'
import { STATUSES } from '../render/status.ts'
import type { Position } from './position.ts'

export interface Candidate {
  readonly value: string
  readonly description?: string
}

/** How many of the newest processes to offer, and to search for labels. */
const NEWEST = 100

/** The statuses of processes that a command can act on. Other commands take any. */
const FITTING: Readonly<Record<string, (status: ProcessStatus) => boolean>> = {
  cancel: status => !isFinal(status),
  proceed: status => status === 'interrupted',
  send: status => !isFinal(status),
  delete: status => isFinal(status),
  retry: status => isFinal(status) && status !== 'finished',
}

/** Commands whose argument is the name of a definition. */
const NAMING: ReadonlySet<string> = new Set(['submit', 'pause', 'resume', 'schedules'])

/** What the word that is being typed may become. For nothing, the shell offers files. */
export async function candidatesAt(
  position: Position,
  program: Command,
  command: Command | undefined,
  client: Client,
): Promise<Candidate[]> {
  switch (position.kind) {
    case 'command':
      return program.commands.map(one => ({ value: one.name(), description: one.description() }))
    case 'option':
      return [...(command?.options ?? []), ...program.options].map(({ long, short, description }) => ({
        value: long ?? short!,
        description,
      }))
    case 'value':
      return valuesOf(position.option, client)
    case 'argument': {
      const { argument, given } = position
      if (argument.argChoices) return argument.argChoices.map(value => ({ value }))
      switch (argument.name()) {
        case 'pid':
        case 'pids':
          return (await pidsFor(command?.name() ?? '', client)).filter(({ value }) => !given.includes(value))
        case 'hostId':
          return (await client.hosts()).map(({ id, state }) => ({ value: id, description: state }))
        case 'what':
          return [...(await named(client)), ...(await pidsFor('diagram', client))]
        case 'name':
          return NAMING.has(command?.name() ?? '') ? named(client) : []
        case 'run':
          return [{ value: 'run' }]
        default:
          return []
      }
    }
    case 'nothing':
      return []
  }
}

async function valuesOf({ long, argChoices }: Option, client: Client): Promise<Candidate[]> {
  if (argChoices) return argChoices.map(value => ({ value }))
  switch (long) {
    case '--status':
      return STATUSES.map(value => ({ value }))
    case '--name':
      return named(client)
    case '--label':
      return labels(client)
    default:
      return []
  }
}

const named = async (client: Client): Promise<Candidate[]> =>
  (await definitionsOf(client)).map(value => ({ value, description: 'definition' }))

async function pidsFor(command: string, client: Client): Promise<Candidate[]> {
  const status = FITTING[command] && STATUSES.filter(FITTING[command])
  const found: Candidate[] = []
  for await (const info of client.list({ status, limit: NEWEST }))
    found.push({ value: info.pid, description: `${info.name} ${info.status}` })
  return found
}

async function labels(client: Client): Promise<Candidate[]> {
  const found = new Set<string>()
  for await (const info of client.list({ limit: NEWEST }))
    for (const [label, value] of Object.entries(info.labels ?? {})) found.add(`${label}=${value}`)
  return [...found].toSorted().map(value => ({ value }))
}
