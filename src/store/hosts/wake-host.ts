import { createConnection } from 'node:net'
import { openSocketPath } from './socket-path.ts'

/** Nobody waits longer than a second for a host that accepts nobody. In turns of our own event loop: while we are blocked nothing is written. */
const TURN_MS = 50
const TURNS = 20

/** Lets a host look at once for what was put into the store for it. One that does not hear looks by itself before long. */
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
      // What is written is read, also if we are gone by then.
      socket.end('look\n', () => socket.destroy())
    } catch {
      resolve()
    }
  })
}
