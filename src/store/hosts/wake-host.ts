import { createConnection } from 'node:net'
import { openSocketPath } from './socket-path.ts'

/**
 * Gives up after a second on a host that accepts no connection. The second is counted in turns of
 * our own event loop: while our loop is blocked, nothing is written.
 */
const TURN_MS = 50
const TURNS = 20

/**
 * Tells a host that there may be something in the store for it. A host that does not hear it polls
 * before long.
 */
export function wakeHost(hosts: string, hostId: string): Promise<void> {
  return new Promise(resolve => {
    try {
      const address = openSocketPath(hosts, hostId)
      const socket = createConnection({ path: address.path })
      let turns = 0
      const timer = setInterval(() => {
        turns += 1
        if (turns === TURNS) socket.destroy()
      }, TURN_MS)
      socket.on('error', () => {})
      socket.on('close', () => {
        clearInterval(timer)
        address.close()
        resolve()
      })
      // The host reads what was written even if this process has ended by then.
      socket.end('look\n', () => socket.destroy())
    } catch {
      resolve()
    }
  })
}
