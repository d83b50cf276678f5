import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { createRuntime, defineProcess, lowdbStore, typed, type Runtime } from '../../src/index.ts'

/** Ends in error, with a cause. */
export const failing = defineProcess({ name: 'failing' })
  .step('first', () => 1)
  .step('second', () => {
    throw new TypeError('no such page\nin the second line', { cause: new Error('socket \u001B[31mhang up') })
  })

export const adding = defineProcess({ name: 'adding', input: typed<{ a: number; b: number }>() }).step(
  'add',
  ({ data }) => ({
    sum: data.a + data.b,
  }),
)

/** Reports, then waits until the test says `go`. */
export function gated() {
  const gate = Promise.withResolvers<void>()
  const definition = defineProcess({ name: 'gated' })
    .step('wait', async ({ progress, signal }) => {
      progress(3, 10, 'three of ten')
      await Promise.race([
        gate.promise,
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ])
      return { done: true }
    })
    .step('end', ({ data }) => data)
  return { definition, go: () => gate.resolve() }
}

/** A store in a folder of its own, and a runtime on it. */
export async function openStore(
  t: ExecutionContext,
  ...more: Parameters<typeof createRuntime>[0]['processes']
): Promise<{ dir: string; runtime: Runtime }> {
  const root = await mkdtemp(join(tmpdir(), 'stepwright-cli-'))
  const dir = join(root, 'store')
  const runtime = await createRuntime({ processes: [failing, adding, ...more], store: lowdbStore(dir) })
  t.teardown(async () => {
    await runtime.close({ within: 0 })
    await rm(root, { recursive: true })
  })
  return { dir, runtime }
}

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** The command as a shell starts it. */
export function spawnCli(argv: readonly string[]) {
  const child = spawn(process.execPath, ['--conditions=@stepwright/source', '--no-warnings', MAIN, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>(resolve => {
    child.once('close', resolve)
  })
  return {
    child,
    async result() {
      const [status, stdout, stderr] = await Promise.all([
        ended,
        child.stdout.destroyed ? '' : text(child.stdout),
        text(child.stderr),
      ])
      return { status, stdout, stderr }
    },
  }
}
