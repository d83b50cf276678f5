import test from 'ava'
import { storeConformance } from '../../src/testing/conformance.ts'
import { postgresUrl } from './postgres.ts'
import { makePostgresStore } from './store.ts'

if ((await postgresUrl()) === undefined) test('NO POSTGRESQL FOR THIS PLATFORM: its tests are left out', t => t.pass())
else
  for (const { name, run } of storeConformance)
    test(`postgres: ${name}`, async t => t.notThrowsAsync(run(async () => (await makePostgresStore())!)))
