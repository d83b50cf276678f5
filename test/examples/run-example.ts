import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ExecutionContext } from 'ava'

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningExample {
  readonly child: ChildProcess
  /** Resolves with the first line of its output, past or to come, that matches. */
  line(pattern: RegExp): Promise<string>
  readonly ended: Promise<Ended>
}

/** An empty folder that is removed after the test. */
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'stepwright-example-')))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Runs an example as a user would: a Node process of its own, in the folder given. */
export function startExample(t: ExecutionContext, cwd: string, name: string, ...args: string[]): RunningExample {
  return startNode(t, cwd, ['--conditions=@stepwright/source', join(EXAMPLES, name), ...args])
}

export const runExample = (t: ExecutionContext, cwd: string, name: string, ...args: string[]): Promise<Ended> =>
  startExample(t, cwd, name, ...args).ended

function startNode(t: ExecutionContext, cwd: string, args: string[]): RunningExample {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  const lines: string[] = []
  const waiting = new Set<() => void>()
  createInterface(child.stdout).on('line', line => {
    lines.push(line)
    for (const look of waiting) look()
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    stdout: lines.join('\n'),
    stderr,
  }))
  return {
    child,
    ended,
    async line(pattern) {
      const { promise, resolve } = Promise.withResolvers<string>()
      const look = (): void => {
        const found = lines.find(line => pattern.test(line))
        if (found !== undefined) resolve(found)
      }
      waiting.add(look)
      look()
      const gone = ended.then(end => {
        throw new Error(`It ended without a line that matches ${pattern}: ${JSON.stringify(end)}`)
      })
      return Promise.race([promise, gone]).finally(() => waiting.delete(look))
    },
  }
}
