import { createConnection } from 'node:net'
import type { HostState } from '../../record/host.ts'
import { openSocketPath } from './socket-path.ts'

/**
 * A host that does not answer a ping within a second counts as unresponsive. The second is counted
 * in turns of our own event loop: while our loop is blocked, no answer can reach us.
 */
const TURN_MS = 50
const TURNS = 20
/**
 * How long an answer is reused, in milliseconds. A list of thousands of processes does not ask a
 * host for each, and a death is still seen within 100 ms.
 */
const FRESH_MS = 50

/**
 * Asks hosts whether they are alive, and remembers the answers. Ids are never used twice, so a host
 * that was found dead stays dead.
 */
export class Liveness {
  readonly #hosts: string
  readonly #known = new Map<string, { readonly state: Promise<HostState>; freshUntil: number }>()

  /** @param hosts the folder in which the sockets are */
  constructor(hosts: string) {
    this.#hosts = hosts
  }

  stateOf(hostId: string): Promise<HostState> {
    const known = this.#known.get(hostId)
    if (known !== undefined && performance.now() < known.freshUntil) return known.state
    const entry = { state: ask(this.#hosts, hostId), freshUntil: Infinity }
    this.#known.set(hostId, entry)
    void entry.state.then(state => {
      if (state === 'dead') return
      entry.freshUntil = performance.now() + FRESH_MS
    })
    return entry.state
  }

  /** Forgets a host of which nothing is left. */
  forget(hostId: string): void {
    this.#known.delete(hostId)
  }
}

/**
 * Refused or missing: dead. A host that accepts and hangs up is closing just now: the second answer
 * tells.
 */
async function ask(hosts: string, hostId: string): Promise<HostState> {
  const first = await ping(hosts, hostId)
  if (first !== 'hung up') return first
  const second = await ping(hosts, hostId)
  return second === 'hung up' ? 'unresponsive' : second
}

function ping(hosts: string, hostId: string): Promise<HostState | 'hung up'> {
  return new Promise(resolve => {
    let address: ReturnType<typeof openSocketPath>
    try {
      address = openSocketPath(hosts, hostId)
    } catch (error) {
      resolve(stateFrom(error))
      return
    }
    const socket = createConnection({ path: address.path })
    const settle = (state: HostState | 'hung up'): void => {
      clearInterval(timer)
      socket.destroy()
      resolve(state)
    }
    let turns = 0
    const timer = setInterval(() => {
      turns += 1
      if (turns === TURNS) settle('unresponsive')
    }, TURN_MS)
    socket.on('connect', () => socket.write('ping\n'))
    socket.on('data', () => settle('alive'))
    socket.on('error', error => settle(stateFrom(error)))
    socket.on('close', () => {
      address.close()
      settle('hung up')
    })
  })
}

function stateFrom(error: unknown): HostState | 'hung up' {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return 'dead'
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
