// Takes the pictures of the dashboard that the documentation shows: `npm run docs:pictures`.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { createRuntime, defineProcess, typed, type Runtime } from 'stepwright'
import { buildPage } from '../../src/dashboard/build-page.ts'
import { serveDashboard } from '../../src/dashboard/serve-dashboard.ts'
import { closeBrowser, openTab } from '../browser/chromium.ts'
import { ROOT } from './pages.ts'

const importDump = defineProcess({ name: 'import-dump', input: typed<{ file: string; pages: number }>() })
  .step('read', ({ data, signal }) => setTimeout(300, data, { signal }))
  .step(
    'parse',
    async ({ data, attempt, signal }) => {
      await setTimeout(200, undefined, { signal })
      if (attempt < 3) throw new Error('The server is busy')
      return data
    },
    { retry: { attempts: 5, delay: '400ms' } },
  )
  .step('store', async ({ data, progress, signal }) => {
    progress(4210, 12_034, 'pages')
    if (data.file === 'dump.xml') await setTimeout(2 ** 30, undefined, { signal })
    return data
  })
  .interrupt('sign-off')
  .step('publish', ({ data }) => data)
const thumbnail = defineProcess({ name: 'thumbnail', input: typed<{ image: string }>() })
  .step('read', ({ data }) => data)
  .step('resize', ({ data }) => data)
  .step('write', ({ data }) => data)
const report = defineProcess({ name: 'nightly-report', input: typed<{ rows: number }>() }).step(
  'collect',
  async ({ data, progress, signal }) => {
    progress(data.rows, 1000)
    await setTimeout(2 ** 30, undefined, { signal })
  },
)

/** Processes in various statuses. Returns the pid of the one to show in detail. */
async function fill(runtime: Runtime): Promise<string> {
  for (const rows of [350, 320]) await runtime.start(report, { rows })
  const cancelled = await runtime.start(report, { rows: 10 })
  await setTimeout(100)
  await cancelled.cancel('no longer needed')
  for (let n = 1; n <= 4; n++)
    await (await runtime.start(thumbnail, { image: `${n}.png` }, { labels: { batch: '51' } })).result()
  await runtime.start(importDump, { file: 'small.xml', pages: 2 }, { labels: { user: 'ada' } })
  const { pid } = await runtime.start(
    importDump,
    { file: 'dump.xml', pages: 4 },
    { key: 'dump-2030', labels: { wiki: 'de' } },
  )
  for await (const { steps } of runtime.watch(pid)) if (steps[2]!.status === 'running') break
  await setTimeout(4000)
  return pid
}

const folder = await mkdtemp(join(tmpdir(), 'app-'))
await buildPage()
const runtime = await createRuntime({ processes: [importDump, thumbnail, report], store: join(folder, '.stepwright') })
const server = await serveDashboard({ client: runtime, port: 0, host: '127.0.0.1' })
try {
  const pid = await fill(runtime)
  const tab = await openTab({ teardown() {} } as unknown as ExecutionContext, {
    viewport: { width: 1200, height: 620 },
    locale: 'en-US',
  })
  await tab.goto(server.url)
  const link = tab.locator(`a[href="#/p/${pid}"]`).first()
  await link.waitFor()
  await tab.screenshot({ path: join(ROOT, 'docs/dashboard-list.png') })
  await tab.setViewportSize({ width: 1200, height: 760 })
  await link.click()
  await tab.getByText('Timeline').waitFor()
  await tab.locator('.timeline .span.error:not(i)').first().waitFor()
  await tab.screenshot({ path: join(ROOT, 'docs/dashboard-process.png') })
} finally {
  await closeBrowser()
  await server.close()
  await runtime.close({ within: 0 })
  await rm(folder, { recursive: true })
}
