import { isFinal, type ProcessRecord } from '../../src/record/record.ts'
import type { ActionName } from './profile.ts'
import { NO_FAULTS } from './kernel/faults.ts'
import type { Life } from './kernel/life.ts'
import type { Order } from './program.ts'
import type { World } from './world.ts'

const NAMES = ['plain', 'plain', 'naps', 'pauses', 'pauses', 'waits', 'asks', 'loops', 'fans', 'parent'] as const

/** One thing that happens to the world. */
export function act(world: World): void {
  const name = world.random.weighted(world.profile.weights)
  ACTIONS[name](world)
}

const live = (world: World): ProcessRecord[] => [...world.ledger.records()].filter(({ status }) => !isFinal(status))

function pickOf(world: World, records: readonly ProcessRecord[]): ProcessRecord | undefined {
  return records.length === 0 ? undefined : world.random.pick(records)
}

function newProcess(world: World, type: 'start' | 'submit'): Extract<Order, { type: 'start' | 'submit' }> {
  const { keyed, keys } = world.profile
  const key = world.random.chance(keyed) ? { key: `key${world.random.int(1, keys)}` } : {}
  return { type, name: world.random.pick(NAMES), input: { trail: '', words: [] }, ...key }
}

function begin(world: World, type: 'start' | 'submit'): void {
  const life =
    type === 'start'
      ? pickOne(
          world,
          world.openHosts.map(({ life }) => life),
        )
      : anyone(world)
  if (life === undefined) return
  const order = newProcess(world, type)
  world.order(life, order, outcome => {
    if ('value' in outcome) world.ledger.onAcknowledged(outcome.value as string, order.key)
  })
}

const pickOne = <T>(world: World, from: readonly T[]): T | undefined =>
  from.length === 0 ? undefined : world.random.pick(from)

/** Who may steer: a client, or a host. */
const anyone = (world: World) =>
  pickOne(world, [...(world.client ? [world.client] : []), ...world.openHosts.map(({ life }) => life)])

/** Sends a word that must be in the process's output once it was taken. */
function say(world: World, pid: string, order: (word: string) => Order): void {
  const life = anyone(world)
  if (life === undefined) return
  const word = `w${world.trace.length}`
  world.order(life, order(word), outcome => {
    if ('value' in outcome && outcome.value === 'taken') world.ledger.onWord(pid, word)
  })
}

const ACTIONS: Readonly<Record<ActionName, (world: World) => void>> = {
  start: world => begin(world, 'start'),
  submit: world => begin(world, 'submit'),
  cancel(world) {
    const record = pickOf(world, live(world))
    const life = anyone(world)
    if (record && life) world.order(life, { type: 'cancel', pid: record.pid })
  },
  proceed(world) {
    const record = pickOf(
      world,
      live(world).filter(({ status }) => status === 'interrupted'),
    )
    if (record) proceed(world, record)
  },
  add(world) {
    const record = pickOf(world, asking(world))
    if (record) say(world, record.pid, word => ({ type: 'send', pid: record.pid, event: { type: 'ADD', word } }))
  },
  finishAsking(world) {
    const record = pickOf(world, asking(world))
    if (record) finishAsking(world, record)
  },
  fork(world) {
    const record = pickOf(
      world,
      [...world.ledger.records()].filter(({ name, shape }) => name !== 'child' && name !== 'ticks' && shape !== ''),
    )
    const life = anyone(world)
    if (record && life)
      world.order(life, { type: 'fork', pid: record.pid }, outcome => {
        if ('value' in outcome) world.ledger.onAcknowledged(outcome.value as string)
      })
  },
  remove(world) {
    const record = pickOf(
      world,
      [...world.ledger.records()].filter(({ status, parent }) => isFinal(status) && parent === undefined),
    )
    const life = anyone(world)
    if (record === undefined || life === undefined) return
    for (const { pid, parent } of world.ledger.records())
      if (pid === record.pid || parent?.pid === record.pid) world.ledger.deleted.add(pid)
    world.order(life, { type: 'delete', pid: record.pid })
  },
  watch(world) {
    const record = pickOf(world, [...world.ledger.records()])
    const life = anyone(world)
    if (record && life) world.order(life, { type: 'watch', pid: record.pid })
  },
  list(world) {
    const life = anyone(world)
    if (life) world.order(life, { type: 'list' })
  },
  openHost(world) {
    if (world.livingHosts.length < 4) world.openHost()
  },
  kill(world) {
    const host = pickOne(
      world,
      world.hosts.filter(({ life }) => !life.isDead),
    )
    if (host === undefined) return
    world.counts.kills += 1
    world.kill(host.life)
  },
  killInCall(world) {
    const host = pickOne(world, world.livingHosts)
    if (host === undefined) return
    world.counts.kills += 1
    world.system.faults.dying.set(host.life, world.random.int(1, 40))
  },
  stop(world) {
    const host = pickOne(world, world.livingHosts)
    if (host === undefined || host.life.isStopped) return
    world.counts.stops += 1
    stop(world, host.life, world.random.next() ** 2 * 8_000)
  },
  close(world) {
    const host = pickOne(world, world.openHosts)
    if (host === undefined) return
    world.counts.closes += 1
    host.isClosing = true
    world.order(host.life, { type: 'close', within: world.random.int(0, 2_000) }, () => {
      // Some programs go on for a while after they have closed their runtime.
      world.after(world.random.next() * 2_000, () => world.kill(host.life))
    })
  },
  diskFull(world) {
    fault(world, { ...NO_FAULTS, full: world.random.pick([0.05, 0.5, 1]), short: 0.2 })
  },
  diskErrors(world) {
    fault(world, { ...NO_FAULTS, ioError: world.random.pick([0.002, 0.02, 0.2]), short: 0.1 })
  },
  clock(world) {
    const by = world.random.pick([-3_600_000, -5_000, -400, 400, 5_000, 3_600_000, 86_400_000])
    // Of one host, or of all.
    const life = world.random.chance(0.6) ? pickOne(world, world.livingHosts)?.life : undefined
    world.setClock(by, life)
    world.after(world.random.next() * 6_000, () => {
      if (life?.isDead !== true) world.setClock(-by, life)
    })
  },
  /** As whoever cleans up a folder does. */
  unlinkSocket(world) {
    const host = pickOne(world, world.openHosts)
    if (host) world.unlinkSocketOf(host.life)
  },
  /**
   * A host stops, seems to be dead, and loses its processes to whoever knows better: then it goes
   * on.
   */
  rob(world) {
    const host = pickOne(world, world.openHosts)
    const { client } = world
    if (host === undefined || host.life.isStopped || client === undefined) return
    stop(world, host.life, 200 + world.random.next() * 4_000)
    world.counts.forced += 1
    if (world.random.chance(0.5)) world.unlinkSocketOf(host.life)
    for (const hostId of host.life.hostIds) {
      world.ledger.onForced(hostId)
      world.order(client, { type: 'adopt', hostId, force: true })
    }
  },
  losePower(world) {
    world.counts.powerLosses += 1
    world.losePower()
    world.openClient()
    for (let count = 0; count < world.profile.hosts; count++) world.openHost()
  },
}

function stop(world: World, life: Life, forMs: number): void {
  life.isStopped = true
  world.say(`${life.name} stops`)
  world.after(forMs, () => {
    life.isStopped = false
    world.say(`${life.name} goes on`)
  })
}

function fault(world: World, rates: typeof NO_FAULTS): void {
  world.say(`the disk has faults: ${JSON.stringify(rates)}`)
  world.system.faults.rates = rates
  world.after(world.random.next() * 3_000, () => {
    world.system.faults.rates = NO_FAULTS
    world.say('the disk is well')
  })
}

export const asking = (world: World): ProcessRecord[] =>
  live(world).filter(({ steps }) => steps['asking']?.status === 'running')

export const interrupted = (world: World): ProcessRecord[] =>
  live(world).filter(({ status }) => status === 'interrupted')

export const proceed = (world: World, { pid }: ProcessRecord): void =>
  say(world, pid, word => ({ type: 'proceed', pid, word }))

export function finishAsking(world: World, { pid }: ProcessRecord): void {
  const life = anyone(world)
  if (life) world.order(life, { type: 'send', pid, event: { type: 'DONE' } })
}
