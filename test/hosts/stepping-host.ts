// A host in a worker thread that stops before each of its calls of the file system, until it is
// told to go on or to be dead from now on.
import fs from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { lowdbStore } from '../../src/store/lowdb/lowdb-store.ts'
import { adopt } from '../../src/store/lowdb/adopt.ts'
import { Directory } from '../../src/store/lowdb/directory.ts'
import { Paths } from '../../src/store/lowdb/paths.ts'
import { processDurability } from '../../src/store/lowdb/power.ts'
import type { Hosts } from '../../src/store/hosts/hosts.ts'
import type { Files } from '../../src/journal/files.ts'
import { hourOf } from '../../src/record/pid.ts'
import { theEnd } from '../../src/testing/conformance/samples.ts'
import type { HostStore } from '../../src/store/store.ts'
import { DIE, RESTS, STOPPED, type StepAnswer, type StepOrder } from '../crash/stepper.ts'

class Dead extends Error {}

const { state } = workerData as { state: Int32Array }
let isStepping = false,
  isDead = false

function step(): void {
  if (isDead) throw new Dead()
  if (!isStepping) return
  Atomics.store(state, 0, STOPPED)
  Atomics.notify(state, 0)
  Atomics.wait(state, 0, STOPPED)
  isDead = Atomics.load(state, 0) === DIE
  if (isDead) throw new Dead()
}

const STEPS = [
  'openSync',
  'writeSync',
  'fstatSync',
  'statSync',
  'linkSync',
  'renameSync',
  'unlinkSync',
  'readdirSync',
] as const
const files = {
  ...fs,
  ...Object.fromEntries(
    STEPS.map(call => [call, (...args: unknown[]) => (step(), (fs[call] as (...all: unknown[]) => unknown)(...args))]),
  ),
} as Files

let host: HostStore

function remove(dir: string, pid: string): void {
  const { paths, ended } = new Directory(files, new Paths(dir), processDurability)
  ended.delete(paths.hourFolder(hourOf(pid)), `${pid}.finished.jsonl`)
}

async function obey(order: StepOrder): Promise<readonly string[]> {
  if ('open' in order) {
    host = await lowdbStore(order.open, { files }).openHost()
    return [host.hostId]
  }
  isStepping = true
  if ('create' in order) {
    if ('churn' in order && (await host.create(order.churn)).created) {
      await host.write(theEnd(order.churn, 2))
      remove(order.dir, order.churn.pid)
    }
    const pids: string[] = []
    for (const record of order.create) pids.push((await host.create(record)).pid)
    return pids
  }
  if ('remove' in order) {
    remove(order.remove.dir, order.remove.pid)
    return []
  }
  const directory = new Directory(files, new Paths(order.adopt.dir), processDurability)
  const { hostId, dead } = order.adopt
  const hosts = {
    stateOf: async (id: string) => (dead.includes(id) ? 'dead' : 'alive'),
    forget() {},
  } as unknown as Hosts
  const taken: string[] = []
  const taking = adopt(Object.assign(directory, { hosts }), {
    hostId,
    accept: () => true,
    skip: () => false,
    holds: undefined,
    onTaken() {},
  })
  for await (const { record } of taking) taken.push(record.pid)
  return taken
}

async function answer(order: StepOrder): Promise<void> {
  isDead = false
  let taken: StepAnswer
  try {
    taken = await obey(order)
  } catch (error) {
    if (!isDead) throw error
  }
  isStepping = false
  parentPort?.postMessage(taken)
  Atomics.store(state, 0, RESTS)
  Atomics.notify(state, 0)
}

parentPort?.on('message', (order: StepOrder) => void answer(order))
