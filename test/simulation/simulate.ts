import { setImmediate } from 'node:timers/promises'
import { inspect } from 'node:util'
import { act, asking, finishAsking, interrupted, proceed } from './actions.ts'
import { KILLED } from './kernel/failure.ts'
import { NO_FAULTS } from './kernel/faults.ts'
import type { Realm } from './kernel/life.ts'
import { REST } from './kernel/system.ts'
import { openRealm } from './realms.ts'
import { TRAILS } from './trails.ts'
import { World } from './world.ts'

/** How many processes of the operating system there may be at once. */
const REALMS = 7
/**
 * How long all that was begun may take to end, once nothing goes wrong any more; in milliseconds.
 */
const CALM_MS = 120_000

export interface Run {
  readonly seed: number
  readonly trace: readonly string[]
  readonly violations: readonly string[]
  readonly figures: Readonly<Record<string, number>>
}

/** Each seed, one after the other. */
export async function* simulations(seeds: Iterable<number>): AsyncGenerator<Run> {
  const realms: Realm[] = []
  for (let count = 0; count < REALMS; count++) realms.push(await openRealm(new URL('./program.ts', import.meta.url)))
  const unhandled: string[] = []
  process.on('unhandledRejection', error => {
    // The dead hear of nothing that happened since.
    if (!isOfTheDead(error)) unhandled.push(`a rejection was not handled: ${inspect(error)}`)
  })
  for (const seed of seeds) {
    const run = simulate(seed, realms)
    // Node tells of rejections now.
    await setImmediate()
    yield { ...run, violations: [...run.violations, ...unhandled.splice(0)] }
  }
}

const isOfTheDead = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  ((error as { code?: unknown }).code === KILLED || isOfTheDead((error as { cause?: unknown }).cause))

/** What a seed gives, from beginning to end. Nothing in it waits: the whole of it is one call. */
function simulate(seed: number, realms: readonly Realm[]): Run {
  const world = new World(seed, realms)
  const { system, random, profile, ledger, violations, trace } = world
  for (let count = 0; count < profile.hosts; count++) world.openHost()
  // A client finds no store before a host has made it.
  world.runUntil(5_000, () => world.openHosts.length > 0)
  if (world.openHosts.length === 0) world.violate('no host could be opened')
  world.openClient()
  for (let count = 0; count < profile.actions && violations.length === 0; count++) {
    world.runUntil(system.scheduler.nowMs + random.next() * profile.pauseMs)
    act(world)
  }
  calmDown(world)
  if (violations.length === 0) ledger.close(name => TRAILS[name])
  for (const life of system.lives) world.kill(life)
  const { counts } = world
  const figures = {
    ...counts,
    processes: ledger.paths.size,
    attempts: ledger.begun,
    faults: system.faults.injected,
    interrupts: system.interrupts,
    turns: system.scheduler.turns,
    virtualMs: Math.round(system.scheduler.nowMs),
  }
  world.say(JSON.stringify(figures))
  return { seed, trace, violations, figures }
}

/** Nothing goes wrong any more: everything must come to its end. */
function calmDown(world: World): void {
  const { system } = world
  system.faults.rates = NO_FAULTS
  system.faults.dying.clear()
  world.setClocksRight()
  system.unrest = REST
  world.queue.length = 0
  for (const life of system.lives) life.isStopped = false
  for (const { life, isClosing } of world.hosts) if (isClosing) world.after(3_000, () => world.kill(life))
  world.say('calm')
  if (world.livingHosts.length === 0) world.openHost()
  if (world.client === undefined) world.openClient()
  const endMs = system.scheduler.nowMs + CALM_MS
  const isOver = (): boolean =>
    world.ledger.unfinished.length === 0 &&
    world.unanswered.length === 0 &&
    world.ledger.missing.length === 0 &&
    world.remains.length === 0
  const asked = new Map<string, number>()
  while (world.violations.length === 0 && system.scheduler.nowMs < endMs) {
    if (world.runUntil(system.scheduler.nowMs + 200, isOver) && isOver()) return
    // One may have failed to open before the disk was well.
    if (world.livingHosts.length === 0) world.openHost()
    const again = (pid: string): boolean => {
      const nowMs = system.scheduler.nowMs
      if (nowMs < (asked.get(pid) ?? 0)) return false
      asked.set(pid, nowMs + 3_000)
      return true
    }
    for (const record of interrupted(world)) if (again(record.pid)) proceed(world, record)
    for (const record of asking(world)) if (again(record.pid)) finishAsking(world, record)
  }
  if (world.violations.length > 0) return
  for (const path of world.remains) world.violate(`left behind: ${path}`)
  for (const order of world.unanswered) world.violate(`never answered: ${JSON.stringify(order)}`)
}
