import { createConnection } from 'node:net'
import { openSocketPath } from './socket-path.ts'

/** Nobody waits longer than this for a host that accepts nobody. */
const PATIENCE_MS = 1_000

/** Lets a host look at once for what was put into the store for it. One that does not hear looks by itself before long. */
export function poke(hosts: string, hostId: string): Promise<void> {
  return new Promise(resolve => {
    try {
      const address = openSocketPath(hosts, hostId)
      const socket = createConnection({ path: address.path })
      socket.setTimeout(PATIENCE_MS, () => socket.destroy())
      socket.on('error', () => {})
      socket.on('close', () => {
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
