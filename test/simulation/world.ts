import type { Inode } from './kernel/disk.ts'
import { KILLED } from './kernel/failure.ts'
import type { Outcome, Tell } from './kernel/kernel.ts'
import { Life, type Realm } from './kernel/life.ts'
import type { Actor, Event } from './kernel/scheduler.ts'
import { System } from './kernel/system.ts'
import { Ledger } from './ledger.ts'
import { profileOf, type Profile } from './profile.ts'
import type { Order } from './program.ts'
import { Random } from './random.ts'

/** When every world begins. */
const EPOCH_MS = Date.UTC(2030, 0, 1)

interface Host {
  readonly life: Life
  isOpen: boolean
  isClosing: boolean
}

interface Pending {
  readonly life: Life
  readonly order: Order
  readonly onDone: (outcome: Outcome) => void
}

/** Several processes on one machine, and one who plays with them. */
export class World implements Actor {
  readonly seed: number
  readonly random: Random
  readonly profile: Profile
  readonly system: System<Life>
  readonly ledger: Ledger
  readonly hosts: Host[] = []
  client: Life | undefined
  readonly trace: string[] = []
  readonly violations: string[] = []
  readonly counts = { kills: 0, stops: 0, closes: 0, powerLosses: 0, forced: 0 }
  readonly queue: Event[] = []
  isHeld = false
  readonly #realms: readonly Realm[]
  readonly #pending = new Map<number, Pending>()
  #orders = 0
  #lives = 0
  #mostAheadMs = 0

  constructor(seed: number, realms: readonly Realm[]) {
    this.seed = seed
    this.#realms = realms
    this.random = new Random(seed)
    this.profile = profileOf(this.random)
    this.ledger = new Ledger(what => this.violate(what))
    this.system = new System<Life>(
      seed + 1,
      EPOCH_MS,
      (path, inode, isThere, isMoving) => this.ledger.onName(path, inode, isThere, isMoving),
      text => this.say(text),
    )
    this.ledger.fileAt = path => this.#fileAt(path)
    this.system.onWrite = (life, inode) => this.ledger.onWrite(life, inode)
    this.system.onCrash = (life, error) => this.#onCrash(life, error)
    this.system.unrest = this.profile
    this.system.scheduler.actors.push(this)
    this.system.disk.create('/store', 'folder')
    this.say(`seed ${seed}: ${JSON.stringify(this.profile)}`)
  }

  run(callback: () => void): void {
    this.isHeld = true
    callback()
    this.isHeld = false
  }

  /**
   * Runs the world until a moment, or until something is as it should be. @returns false if that
   * never came
   */
  runUntil(ms: number, isDone: () => boolean = () => false): boolean {
    const { scheduler } = this.system
    while (this.violations.length === 0) {
      if (isDone()) return true
      if (scheduler.step(ms)) continue
      scheduler.nowMs = Math.max(scheduler.nowMs, ms)
      return isDone()
    }
    return true
  }

  after(ms: number, callback: () => void): void {
    this.system.scheduler.after(this, ms, callback)
  }

  /** Sets the clock of the machine, or that of one process. */
  setClock(byMs: number, life?: Life): void {
    if (life === undefined) this.system.clockIsAheadMs += byMs
    else life.clockIsAheadMs += byMs
    for (const one of this.system.lives)
      this.#mostAheadMs = Math.max(this.#mostAheadMs, this.system.clockIsAheadMs + one.aheadMs)
    this.say(`the clock ${life === undefined ? '' : `of ${life.name} `}jumps by ${byMs} ms`)
  }

  /** As late as any ever was: what waits for a time waits no longer. */
  setClocksRight(): void {
    this.setClock(0)
    for (const life of this.system.lives) life.clockIsAheadMs = life.drift = 0
    this.profile.drift = 0
    this.setClock(Math.ceil(this.#mostAheadMs) - this.system.clockIsAheadMs)
  }

  say(text: string): void {
    this.trace.push(`${this.system?.scheduler.nowMs.toFixed(3) ?? '0'} ${text.replaceAll('\0', '@')}`)
  }

  violate(what: string): void {
    this.say(`VIOLATION ${what}`)
    this.violations.push(what)
  }

  /** A process of the operating system begins. `undefined`: there is no room for more of them. */
  spawn(kind: 'host' | 'client'): Life | undefined {
    const { lives, scheduler } = this.system
    const realm = this.#realms.find(
      one => one.kernel === undefined || ((one.kernel as Life).isDead && !(one.kernel as Life).isRunning),
    )
    if (realm === undefined) return undefined
    const number = ++this.#lives
    const life = new Life(
      this.system,
      { name: `${kind}${number}`, pid: 1000 + number, network: this.profile.containers ? number : 0 },
      realm,
      one => this.#tell(one),
    )
    for (const reborn of realm.context['__reborn'] as ((knobs: object) => void)[])
      reborn({ compactAt: this.profile.compactAt })
    life.drift = (this.random.next() * 2 - 1) * this.profile.drift
    lives.add(life)
    scheduler.actors.push(life)
    return life
  }

  openHost(): void {
    const life = this.spawn('host')
    if (life === undefined) return
    const host: Host = { life, isOpen: false, isClosing: false }
    this.hosts.push(host)
    const { durability, schedules } = this.profile
    this.order(life, { type: 'host', durability, schedules }, outcome => {
      if ('value' in outcome) host.isOpen = true
      // As a program does whose host cannot be opened.
      else this.kill(life)
    })
  }

  openClient(): void {
    this.client = this.spawn('client')
    if (this.client) this.order(this.client, { type: 'client', durability: this.profile.durability })
  }

  /** Hosts that can be told to do something. */
  get openHosts(): Host[] {
    return this.hosts.filter(({ life, isOpen, isClosing }) => isOpen && !isClosing && !life.isDead)
  }

  get livingHosts(): Host[] {
    return this.hosts.filter(({ life, isClosing }) => !life.isDead && !isClosing)
  }

  order(life: Life, order: Order, onDone: (outcome: Outcome) => void = () => {}): void {
    const number = ++this.#orders
    this.#pending.set(number, { life, order, onDone })
    this.say(`${life.name} #${number} ${JSON.stringify(order)}`)
    const obey = life.realm.context['__obey'] as (number: number, order: Order) => void
    life.io(() => obey(number, order))
  }

  /** Orders to the living that were never answered. */
  get unanswered(): Order[] {
    return [...this.#pending.values()].filter(({ life }) => !life.isDead).map(({ order }) => order)
  }

  /**
   * What the dead have left behind and nobody has cleared away: in the end there must be nothing.
   */
  get remains(): string[] {
    const living = new Set([...this.system.lives].flatMap(({ hostIds }) => [...hostIds]))
    const isOfDead = (name: string): boolean => name.startsWith('h') && !living.has(name.replace(/\..*/, ''))
    // Of a host that died before it had a card its socket alone stays.
    const cards = this.#namesIn('/store/hosts').filter(name => name.endsWith('.json'))
    return [...this.#namesIn('/store/active').filter(isOfDead), ...cards.filter(isOfDead), ...this.ledger.notMoved]
  }

  kill(life: Life): void {
    if (life.isDead) return
    this.say(`${life.name} dies`)
    life.kill()
    this.#forgetLife(life)
  }

  unlinkSocketOf(life: Life): void {
    for (const id of life.hostIds) {
      const path = `/store/hosts/${id}.sock`
      if (this.system.disk.find(path) === undefined) continue
      this.say(`somebody deletes ${path}`)
      this.system.disk.unlink(path)
      // Nothing but the file shows that it is alive, so that others may believe it dead before it
      // has made the file anew.
      if (this.profile.containers) this.ledger.onForced(id)
    }
  }

  losePower(): void {
    this.say('the power is lost')
    for (const life of this.system.lives) this.kill(life)
    this.system.disk.losePower()
    this.ledger.afterPowerLoss(this.system.disk)
  }

  #forgetLife(life: Life): void {
    const { lives, scheduler } = this.system
    lives.delete(life)
    const index = scheduler.actors.indexOf(life)
    if (index >= 0) scheduler.actors.splice(index, 1)
    for (const [number, { life: whose }] of this.#pending) if (whose === life) this.#pending.delete(number)
    if (this.client === life) this.client = undefined
  }

  #namesIn(folder: string): string[] {
    return [...(this.system.disk.find(folder)?.names.keys() ?? [])]
  }

  #fileAt(path: string): Inode | undefined {
    return this.system.disk.find(path)
  }

  #onCrash(life: Life, error: unknown): void {
    const { message, stack } = error as Error
    this.violate(`${life.name} crashed: ${message} ${stack ?? ''}`)
  }

  #tell(life: Life): Tell {
    const alive =
      <A extends unknown[]>(what: (...args: A) => void) =>
      (...args: A): void => {
        if (!life.isDead) what(...args)
      }
    return {
      begin: alive((pid, step, attempt, item) => {
        this.say(`${life.name} begins ${step}${item} of ${pid}, attempt ${attempt}`)
        this.ledger.onBegin(life, pid, step, attempt, item)
      }),
      end: alive((pid, step, attempt, item) =>
        this.say(`${life.name} ends ${step}${item} of ${pid}, attempt ${attempt}`),
      ),
      done: alive((number, outcome) => {
        const pending = this.#pending.get(number)
        this.#pending.delete(number)
        this.say(`${life.name} #${number} ${JSON.stringify(outcome)}`)
        if ('code' in outcome && !outcome.code.startsWith('ERR_') && outcome.code !== KILLED)
          this.violate(`${life.name} failed with a strange error: ${JSON.stringify(outcome)}`)
        pending?.onDone(outcome)
      }),
      ended: alive((pid, outcome) => {
        this.say(`${life.name} hears that ${pid} has ended: ${JSON.stringify(outcome)}`)
        this.ledger.onEnded(pid, outcome)
      }),
      seen: alive(() => {}),
      problem: alive(message => {
        if (message.startsWith('VIOLATION')) this.violate(message)
        else this.say(`${life.name} says: ${message}`)
      }),
    }
  }
}
