import fs from 'node:fs'
import { createConnection } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { HostState } from '../../record/host.ts'
import { RELIGHT_MS } from './host-socket.ts'
import { abstractPath, openSocketPath, type SocketPath } from './socket-path.ts'

/**
 * A host that does not answer a ping within a second counts as unresponsive. The second is counted
 * in turns of our own event loop: while our loop is blocked, no answer can reach us.
 */
const TURN_MS = 50
const TURNS = 20
/**
 * How long a reader that finds no socket waits before it asks again. A host that is alive makes its
 * socket anew within that time.
 */
const ABSENT_MS = 4 * RELIGHT_MS
/**
 * How long an answer is reused, in milliseconds. A list of thousands of processes does not ask a
 * host for each, and a death is still seen within 100 ms.
 */
const FRESH_MS = 50
/**
 * How long a death is reused whose only sign is the missing socket: longer than it takes to find.
 */
const ABSENT_FRESH_MS = 5_000

/**
 * A host whose socket refuses is dead for good, since ids are never used twice. A host without a
 * socket is dead as far as anybody can see.
 */
interface Found {
  readonly state: HostState
  readonly isForGood: boolean
}

/** Asks hosts whether they are alive, and remembers the answers. */
export class Liveness {
  readonly #hosts: string
  readonly #known = new Map<string, { readonly state: Promise<HostState>; freshUntil: number }>()

  /** @param hosts the folder in which the sockets are */
  constructor(hosts: string) {
    this.#hosts = hosts
  }

  /** @param isNextDoor whether the host's abstract socket can be seen from here */
  stateOf(hostId: string, isNextDoor: boolean): Promise<HostState> {
    const known = this.#known.get(hostId)
    if (known !== undefined && performance.now() < known.freshUntil) return known.state
    const found = find(this.#hosts, hostId, isNextDoor)
    const entry = { state: found.then(({ state }) => state), freshUntil: Infinity }
    this.#known.set(hostId, entry)
    void found.then(({ state, isForGood }) => {
      if (!isForGood) entry.freshUntil = performance.now() + (state === 'dead' ? ABSENT_FRESH_MS : FRESH_MS)
    })
    return entry.state
  }

  /** Forgets a host of which nothing is left. */
  forget(hostId: string): void {
    this.#known.delete(hostId)
  }
}

async function find(hosts: string, hostId: string, isNextDoor: boolean): Promise<Found> {
  const first = await askFile(hosts, hostId)
  if (first !== 'absent') return { state: first, isForGood: first === 'dead' }
  // No file: somebody may have deleted it. The abstract socket nobody can delete.
  const name = abstractPath(hostId)
  const behind = name === undefined ? 'dead' : await ask(() => ({ path: name, close() {} }))
  if (behind !== 'absent' && (behind !== 'dead' || isNextDoor)) return { state: behind, isForGood: behind === 'dead' }
  await delay(ABSENT_MS)
  const second = await askFile(hosts, hostId)
  return second === 'absent' ? { state: 'dead', isForGood: false } : { state: second, isForGood: second === 'dead' }
}

const askFile = (hosts: string, hostId: string): Promise<HostState | 'absent'> =>
  ask(() => openSocketPath(hosts, hostId))

/** A host that accepts and hangs up is closing just now: the second answer tells. */
async function ask(open: () => SocketPath): Promise<HostState | 'absent'> {
  const first = await ping(open)
  if (first !== 'hung up') return first
  const second = await ping(open)
  return second === 'hung up' ? 'unresponsive' : second
}

type Answer = HostState | 'absent' | 'hung up'

function ping(open: () => SocketPath): Promise<Answer> {
  return new Promise(resolve => {
    let address: SocketPath
    try {
      address = open()
    } catch (error) {
      resolve(answerFrom(error))
      return
    }
    const socket = createConnection({ path: address.path })
    const settle = (answer: Answer): void => {
      clearInterval(timer)
      socket.destroy()
      resolve(answer)
    }
    let turns = 0
    const timer = setInterval(() => {
      turns += 1
      if (turns === TURNS) settle('unresponsive')
    }, TURN_MS)
    socket.on('connect', () => socket.write('ping\n'))
    socket.on('data', () => settle('alive'))
    socket.on('error', error => {
      const answer = answerFrom(error)
      settle(answer === 'dead' && isSomethingElse(address.path) ? 'absent' : answer)
    })
    socket.on('close', () => {
      address.close()
      settle('hung up')
    })
  })
}

function answerFrom(error: unknown): Answer {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ECONNREFUSED':
      return 'dead'
    case 'ENOENT':
      return 'absent'
    // The backlog of a host that accepts nobody is full.
    case 'EAGAIN':
      return 'unresponsive'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'hung up'
    default:
      return 'unknown'
  }
}

/** A folder or a file in the place of a socket refuses as well. */
function isSomethingElse(path: string): boolean {
  if (process.platform === 'win32' || path.startsWith('\0')) return false
  try {
    return fs.statSync(path, { throwIfNoEntry: false })?.isSocket() === false
  } catch {
    return false
  }
}
