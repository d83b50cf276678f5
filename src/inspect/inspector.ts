import { randomBytes } from 'node:crypto'
import type { AnyActorRef, InspectionEvent } from 'xstate'
import { redactor } from '../format/redact.ts'
import { Broadcast } from './broadcast.ts'
import { LiveActors } from './live-actors.ts'
import { checkInspectorOptions, type InspectorOptions } from './inspector-options.ts'
import { serveInspector } from './serve-inspector.ts'

/** Tells a runtime that it can attach actors instead of calling `inspect` with every event. */
const ATTACH = Symbol.for('stepwright.attach')

/** A local page with the Stately inspector. One inspector may serve several runtimes. */
export interface Inspector {
  /**
   * What XState calls with each event of any other actor: `createActor(machine, { inspect:
   * inspector.inspect })`.
   */
  readonly inspect: (event: InspectionEvent) => void
  /**
   * Resolves with the address of the page once it is served, or with `undefined` if it cannot be; a
   * warning says why.
   */
  readonly url: Promise<string | undefined>
  /** Sends the viewers what is still pending, then disconnects them. */
  close(): Promise<void>
}

/**
 * Shows the live processes of this Node process in the Stately inspector: a page on the loopback
 * interface, whose address is printed. It does not keep Node alive, and costs the processes nothing
 * while nobody watches.
 *
 * @throws TypeError for a wrong option
 * @example
 * const runtime = await createRuntime({ processes: [importDump], inspect: inspector() })
 */
export function inspector(options: InspectorOptions = {}): Inspector {
  const { port, url: page, redact, quiet } = checkInspectorOptions(options)
  const broadcast = new Broadcast()
  const actors = new LiveActors(broadcast, `${randomBytes(4).toString('hex')}/`, redactor(redact))
  const serving = serveInspector({ broadcast, inspector: page, port, keepAlive: false }).catch((error: unknown) => {
    process.emitWarning(
      `The Stately inspector is not served: ${error instanceof Error ? error.message : String(error)}`,
    )
    return undefined
  })
  const url = serving.then(server => server?.url)
  if (!quiet) void url.then(address => address !== undefined && console.error(`Stately inspector: ${address}`))
  return {
    inspect: Object.assign((event: InspectionEvent) => actors.note(event), {
      [ATTACH]: (actor: AnyActorRef) => actors.add(actor),
    }),
    url,
    async close() {
      actors.flush()
      const server = await serving
      server?.close()
    },
  }
}
