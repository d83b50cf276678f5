import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openClient, type ProcessInfo } from 'stepwright'
import type { Claim } from '../hosts/claiming-host.ts'
import { until } from './world.ts'

const program = join(import.meta.dirname, '../hosts/claiming-host.ts')

export interface Storm {
  readonly keys: number
  /** Rounds in which one of the two is killed. */
  readonly kills: number
}

/**
 * Two hosts claim the same keys at the same time, some hundreds a round; in some rounds one is
 * killed, and another takes its place and claims the keys of that round once more. Returns what is
 * wrong.
 */
export async function claimStorm(dir: string, { keys, kills }: Storm): Promise<string[]> {
  const store = join(dir, 'store'),
    claims = join(dir, 'claims')
  const bear = async (): Promise<ChildProcess> => {
    const child = fork(program, [store, claims], { execArgv: process.execArgv })
    await answerOf(child)
    return child
  }
  const hosts = await Promise.all([bear(), bear()])
  const rounds = Math.max(kills, 20),
    size = keys / rounds
  for (let round = 0; round < rounds; round++) {
    const range = [Math.round(round * size), Math.round((round + 1) * size)]
    const done = hosts.map(answerOf)
    for (const host of hosts) host.send(range)
    if (Math.floor(((round + 1) * kills) / rounds) > Math.floor((round * kills) / rounds)) {
      const place = round % 2
      // The moment is random on purpose: this is a search, and what it finds is checked at the end.
      await delay(Math.random() * size * 0.2)
      done[place]?.catch(() => {})
      hosts[place]?.kill('SIGKILL')
      const next = await bear()
      hosts[place] = next
      done[place] = answerOf(next)
      next.send(range)
    }
    await Promise.all(done)
  }
  const client = openClient(store)
  // What a host that was killed left behind is for the two that live.
  await until('all processes have ended', async () => {
    for await (const _ of client.list({ status: ['pending', 'running'], limit: 1 })) return false
    return true
  })
  const infos = await Array.fromAsync(client.list())
  for (const host of hosts) host.kill('SIGKILL')
  await client.close()
  return faultsIn(infos, await readFile(claims, 'utf8'), keys)
}

async function answerOf(host: ChildProcess): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  const died = once(host, 'exit', { signal }).then(([code]) => {
    throw new Error(`a host ended by itself, with status ${code}`)
  })
  try {
    await Promise.race([once(host, 'message', { signal }), died])
  } finally {
    died.catch(() => {})
    over.abort()
  }
}

function faultsIn(infos: readonly ProcessInfo[], claims: string, keys: number): string[] {
  const faults: string[] = []
  const owners = new Map<string | undefined, string>()
  for (const { key, pid, status } of infos) {
    if (owners.has(key)) faults.push(`${key} has two processes: ${owners.get(key)} and ${pid}`)
    owners.set(key, pid)
    if (status !== 'finished') faults.push(`${pid} of ${key} ended in ${status}`)
  }
  if (owners.size !== keys) faults.push(`${owners.size} of ${keys} keys have a process`)
  for (const line of claims.split('\n').filter(Boolean)) {
    const [what, key, pid] = JSON.parse(line) as Claim
    if (owners.get(key) !== pid) faults.push(`${pid} ${what} for ${key}, which belongs to ${owners.get(key)}`)
  }
  return faults
}
