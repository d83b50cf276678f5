import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { lowdbStore } from '../../src/store/lowdb/lowdb-store.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { memoryStore } from '../../src/store/memory/memory-store.ts'
import { storeConformance } from '../../src/testing/conformance.ts'
import type { StoreUnderTest } from '../../src/testing/conformance.ts'
import { letDie } from '../../src/store/hosts/host-presence.ts'
import { makeTempDir } from './helpers.ts'

async function makeLowdbStore(durability: 'process' | 'power' = 'process'): Promise<StoreUnderTest> {
  const parent = makeTempDir()
  const dir = path.join(parent, 'deep', 'store')
  return {
    store: lowdbStore(dir, { durability }),
    open: () => lowdbStore(dir, { durability }),
    crash: letDie,
    cleanup: async () => fs.rmSync(parent, { recursive: true }),
  }
}

async function makeSqliteStore(durability: 'process' | 'power' = 'process'): Promise<StoreUnderTest> {
  const parent = makeTempDir()
  const file = path.join(parent, 'deep', 'store.sqlite')
  return {
    store: sqliteStore(file, { durability }),
    open: () => sqliteStore(file, { durability }),
    crash: letDie,
    cleanup: async () => fs.rmSync(parent, { recursive: true }),
  }
}

async function makeMemoryStore(): Promise<StoreUnderTest> {
  const store = memoryStore()
  return { store, open: () => store, crash: host => host.close(), cleanup: () => store.close() }
}

for (const { name, run } of storeConformance) {
  test(`lowdb: ${name}`, async t => t.notThrowsAsync(run(() => makeLowdbStore())))
  test(`lowdb, durability power: ${name}`, async t => t.notThrowsAsync(run(() => makeLowdbStore('power'))))
  test(`sqlite: ${name}`, async t => t.notThrowsAsync(run(() => makeSqliteStore())))
  test(`sqlite, durability power: ${name}`, async t => t.notThrowsAsync(run(() => makeSqliteStore('power'))))
  test(`memory: ${name}`, async t => t.notThrowsAsync(run(makeMemoryStore)))
}
