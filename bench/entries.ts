import { installedPostgres } from '../test/postgres/server.ts'
import type { Setting } from './contestant.ts'
import type { Workload } from './workloads.ts'

/** A contestant as the list knows it: where its code is, and how it takes part. */
export interface Entry {
  readonly name: string
  /** Beside this file, and what it exports. */
  readonly module: string
  readonly open: string
  readonly durability: Setting['durability']
  /** Node processes that share the work. */
  readonly hosts: number
  readonly server?: 'redis' | 'postgres'
}

export type Durability = Setting['durability'] | 'both'

const entry = (name: string, module: string, open: string, more: Partial<Entry> = {}): Entry => ({
  name,
  module: `./${module}`,
  open,
  durability: 'process',
  hosts: 1,
  ...more,
})

const XSTATE = 'contestants/xstate.ts'
const OURS = 'contestants/stepwright.ts'
const GUARANTEES = 'contestants/guarantees.ts'

/** Everybody's speed is told in relation to its own in the same round. */
export const BASE = entry('bare XState', XSTATE, 'bare')

const PEERS: readonly Entry[] = [
  entry('BullMQ, Redis', 'peers/bullmq.js', 'open', { server: 'redis' }),
  entry('openworkflow, SQLite', 'peers/openworkflow.js', 'onSqlite'),
  entry('openworkflow, PostgreSQL', 'peers/openworkflow.js', 'onPostgres', { server: 'postgres' }),
  entry('DBOS, PostgreSQL', 'peers/dbos.js', 'open', { server: 'postgres' }),
  entry('pg-boss, PostgreSQL', 'peers/pg-boss.js', 'open', { server: 'postgres' }),
]

/** Who takes part in a workload, the base first. */
export function entriesFor(workload: Workload, durability: Durability, peers: boolean): Entry[] {
  const durabilities: Setting['durability'][] = durability === 'both' ? ['process', 'power'] : [durability]
  const ours = durabilities.flatMap(durability => {
    const power = durability === 'power' ? ", 'power'" : ''
    return ['lowdb', 'sqlite'].map(store => entry(`stepwright, ${store}Store${power}`, OURS, store, { durability }))
  })
  const hasPostgres = installedPostgres() !== undefined
  if (hasPostgres)
    ours.push(entry('stepwright, postgresStore', OURS, 'postgres', { server: 'postgres', durability: 'power' }))
  const others = peers ? PEERS.filter(({ server }) => server !== 'postgres' || hasPostgres) : []
  if (workload.hosts === 2) {
    const shared = [...ours, ...others.slice(0, 1)]
    return [BASE, ...shared, ...shared.map(one => ({ ...one, name: `${one.name}, 2 hosts`, hosts: 2 }))]
  }
  return [
    BASE,
    entry('XState, snapshot as JSON', XSTATE, 'json'),
    entry('XState, appended to one log', XSTATE, 'append'),
    entry('stepwright, memoryStore', OURS, 'memory'),
    ...ours,
    // The others of them would take minutes.
    ...(workload.all ? others.slice(0, 1) : others),
  ]
}

/** What the barrier and the looks for dead hosts cost. */
export const GUARANTEE_ENTRIES: readonly Entry[] = [
  entry('neither', GUARANTEES, 'unguarded'),
  entry('barrier only', GUARANTEES, 'withoutHostChecks'),
  entry('host checks only', GUARANTEES, 'withoutBarrier'),
  entry('barrier and host checks', GUARANTEES, 'guarded'),
  entry('both, and diagnostics heard', GUARANTEES, 'listenedTo'),
]

/** Without a disk: a quick look whether the ratios are what they were. */
export const quickEntries = (): Entry[] => [
  BASE,
  entry('stepwright, memoryStore', OURS, 'memory'),
  entry('stepwright, lowdbStore', OURS, 'lowdb'),
]
