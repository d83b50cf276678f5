import test, { type ExecutionContext } from 'ava'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { createRuntime, defineProcess, lowdbStore, typed, type Runtime } from '../../src/index.ts'
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { serveDashboard } from '../../src/dashboard/serve-dashboard.ts'
import type { DashboardClient } from '../../src/dashboard/act.ts'
import { closeBrowser, openTab } from '../browser/chromium.ts'
import { tempDir } from '../temp-dir.ts'
import { buildPage } from '../../src/dashboard/build-page.ts'

test.before(() => buildPage())
test.after.always(closeBrowser)

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What axe finds that keeps people from using the page. */
async function barriers(page: Page): Promise<string[]> {
  // The policy of the page lets no script in but its own.
  await page.evaluate(await (await import('node:fs/promises')).readFile(AXE, 'utf8'))
  const { violations } = await page.evaluate(() =>
    (
      globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> }
      }
    ).axe.run(),
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`)
}

const hello = defineProcess({ name: 'hello', input: typed<{ n: number }>() }).step('one', ({ data }) => data.n)
const failing = defineProcess({ name: 'failing' })
  .step('first', () => 1)
  .step(
    'second',
    ({ log }) => {
      log('<img src=x onerror=alert(1)>')
      throw new TypeError('<script>alert(1)</script>', { cause: new Error('no answer') })
    },
    { retry: { attempts: 2, delay: '10ms' } },
  )
const retried = defineProcess({ name: 'retried' })
  .step('first', () => 1)
  .step(
    'try',
    ({ attempt }) => {
      throw new Error(`attempt ${attempt} failed`)
    },
    { retry: { attempts: 3, delay: '1ms' } },
  )
const recovered = defineProcess({ name: 'recovered' }).step(
  'try',
  ({ attempt }) => {
    if (attempt === 1) throw new Error('the first one fails')
    return attempt
  },
  { retry: { attempts: 2, delay: '1ms' } },
)
const talking = defineProcess({ name: 'talking', input: typed<{ lines: number }>() }).step(
  'talk',
  async ({ data, log }) => {
    for (let n = 0; n < data.lines; n++) {
      log(`line ${n} of many`, { n })
      if (n % 100 === 99) await setTimeout(20)
    }
  },
)
const writing = defineProcess({ name: 'writing' }).step(
  'write',
  ({ write, attempt }) => {
    write(`<b>attempt ${attempt}</b> `)
    if (attempt === 1) throw new Error('once more')
    write({ done: true })
  },
  { retry: { attempts: 2, delay: 0 } },
)
const remembering = defineProcess({ name: 'remembering', input: typed<{ pages: number }>() }).step(
  'crawl',
  async ({ data, once }) => {
    await Promise.all(Array.from({ length: data.pages }, (_, page) => once(`page-${page}`, () => page)))
    throw new Error('the rest is for later')
  },
)
const longName = defineProcess({ name: 'recalculate-the-statement-of-every-customer' }).step('work', () => 1)
const approval = defineProcess({ name: 'approval', input: typed<{ amount: number }>() })
  .step('prepare', ({ data }) => ({ ...data, html: '<b>bold</b>' }))
  .interrupt('approve')
  .step('pay', ({ data }) => data)

function gated() {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const definition = defineProcess({ name: 'gated' })
    .step('wait', async ({ progress, log }) => (log('begun'), progress(3, 10, 'three of ten'), gates[0]!.promise))
    .step('end', async () => gates[1]!.promise)
  return { definition, open: (gate: number) => gates[gate]!.resolve() }
}

async function open(
  t: ExecutionContext,
  { runtime, dir, ...options }: { runtime?: Runtime; dir?: string; actor?: DashboardClient } = {},
) {
  const store = dir ?? `${await tempDir(t)}/store`
  const gate = gated()
  const host =
    runtime ??
    (await createRuntime({
      processes: [
        hello,
        failing,
        approval,
        retried,
        recovered,
        talking,
        writing,
        remembering,
        longName,
        gate.definition,
      ],
      store: lowdbStore(store),
    }))
  const server = await serveDashboard({ store, port: 0, host: '127.0.0.1', client: options.actor ?? host })
  t.teardown(async () => {
    await server.close()
    await host.close({ within: 0 })
  })
  return { url: server.url, host, gate, store }
}

interface Dom {
  readonly document: { querySelectorAll(selector: string): ArrayLike<unknown> }
}

/** Waits until so many elements fit. */
const untilCount = async (page: Page, selector: string, count: number): Promise<void> =>
  void (await page.waitForFunction(
    wanted => (globalThis as unknown as Dom).document.querySelectorAll(wanted.selector).length === wanted.count,
    { selector, count },
  ))

test.serial(
  'a store that is not there, then one that is empty, say what to do; the first process appears by itself',
  async t => {
    const store = `${await tempDir(t)}/store`
    const server = await serveDashboard({ store, port: 0, host: '127.0.0.1' })
    t.teardown(() => server.close())
    const tab = await openTab(t)
    await tab.goto(server.url)
    await tab.getByText('There is no store here yet').waitFor()
    const host = await createRuntime({ processes: [hello], store: lowdbStore(store) })
    t.teardown(() => host.close())
    await tab.getByText('No processes yet').waitFor()
    t.deepEqual(await barriers(tab), [])
    const { pid } = await host.start(hello, { n: 1 })
    await tab.getByRole('row').filter({ hasText: pid }).getByText('finished').waitFor()
    t.deepEqual(tab.problems, [])
  },
)

test.serial('the list: counts, filters in the address, links by keyboard', async t => {
  const { url, host } = await open(t)
  for (let n = 0; n < 5; n++)
    await (await host.start(hello, { n }, { labels: { user: n < 2 ? 'ada' : 'bob' } })).result()
  const failed = await host.start(failing)
  await failed.result().catch(() => {})
  const tab = await openTab(t)
  await tab.goto(url)
  const rows = tab.locator('.space .row')
  await tab.getByRole('button', { name: 'error 1' }).waitFor()
  t.is(await rows.count(), 6)
  await tab.getByRole('button', { name: /^finished/ }).click()
  await untilCount(tab, '.space .row', 5)
  t.regex(tab.url(), /#\/\?status=finished$/)
  await tab.getByLabel('Label').fill('user=ada')
  await untilCount(tab, '.space .row', 2)
  // Whoever is given the address sees the same.
  const other = await openTab(t)
  await other.goto(url)
  await other.goto(tab.url())
  await untilCount(other, '.space .row', 2)
  await other.goto(url)
  await untilCount(other, '.space .row', 6)
  await other.keyboard.press('/')
  await other.keyboard.type('second no.such')
  await other.getByText('No process matches').waitFor()
  await other.getByLabel('Search').fill('second alert')
  await untilCount(other, '.space .row', 1)
  await other.locator('a.row-link').focus()
  await other.keyboard.press('Enter')
  await other.getByRole('heading', { name: /failing/ }).waitFor()
  t.regex(other.url(), new RegExp(`#/p/${failed.pid}$`))
  t.deepEqual(await barriers(tab), [])
  t.deepEqual([...tab.problems, ...other.problems], [])
})

test.serial('a process as it goes on: chart, timeline, progress, logs; then its end', async t => {
  const { url, host, gate } = await open(t)
  const job = await host.start(gate.definition)
  const tab = await openTab(t)
  await tab.goto(`${url}#/p/${job.pid}`)
  await tab.locator('.chart .current .name', { hasText: 'wait' }).waitFor()
  await tab.getByText('3 / 10 · three of ten').waitFor()
  await tab.getByRole('log').getByText('begun').waitFor()
  await tab.locator('.timeline .span.running:not(i)').waitFor()
  gate.open(0)
  await tab.locator('.chart .current .name', { hasText: 'end' }).waitFor()
  t.deepEqual(await barriers(tab), [])
  gate.open(1)
  await job.result()
  await tab.locator('.process-head .status.finished').waitFor()
  t.is(await tab.locator('.chart g.finished').count(), 3)
  // Through time: the record in which the first step began.
  const slider = tab.getByLabel('Through time')
  await slider.focus()
  await tab.keyboard.press('Home')
  await tab.getByRole('heading', { name: /^Record 1/ }).waitFor()
  await tab.keyboard.press('ArrowRight')
  await tab.locator('.chart .current .name', { hasText: 'wait' }).waitFor()
  t.regex(tab.url(), /\?record=2$/)
  await tab.getByRole('button', { name: 'Back to now' }).click()
  await tab.locator('.chart .current:not(.finished)').waitFor({ state: 'detached' })
  t.deepEqual(tab.problems, [])
})

test.serial('a failed process: its error with cause and stack, as text', async t => {
  const { url, host } = await open(t)
  const job = await host.start(failing)
  await job.result().catch(() => {})
  const tab = await openTab(t, { colorScheme: 'dark' })
  await tab.goto(`${url}#/p/${job.pid}`)
  await tab.getByText('<script>alert(1)</script>').first().waitFor()
  await tab.getByText('no answer').first().waitFor()
  await tab.getByRole('log').getByText('<img src=x onerror=alert(1)>').first().waitFor()
  await tab.locator('.error-box summary').first().click()
  await tab
    .getByText(/at .*page\.test\.ts/)
    .first()
    .waitFor()
  t.is(await tab.locator('.timeline .span.error:visible').count(), 3)
  t.is(await tab.locator('.chart g.error').count(), 2)
  t.deepEqual(await barriers(tab), [])
  t.deepEqual(tab.problems, [])
})

test.serial(
  'every attempt has its own error, and what had not failed yet is not shown where the slider stands',
  async t => {
    const { url, host } = await open(t)
    const job = await host.start(retried)
    await job.result().catch(() => {})
    const tab = await openTab(t)
    await tab.goto(`${url}#/p/${job.pid}`)
    const panel = tab.getByRole('region', { name: 'Error' })
    await panel.getByText('attempt 3 failed').first().waitFor()
    await panel.getByText('2 earlier attempts failed').click()
    t.deepEqual(await panel.locator('ol .message').allTextContents(), ['attempt 2 failed', 'attempt 1 failed'])
    t.deepEqual(await barriers(tab), [])
    // Back to when only the first one had failed.
    const { revision } = (await host.history(job.pid)).find(({ steps }) => steps[1]!.status === 'waiting')!
    await tab.goto(`${url}#/p/${job.pid}?record=${revision}`)
    await tab.getByRole('region', { name: 'Newest failure' }).getByText('attempt 1 failed', { exact: true }).waitFor()
    t.is(await tab.getByText('attempt 3 failed').count(), 0)
    t.deepEqual(tab.problems, [])
  },
)

test.serial('attempts that failed before a step went well are listed, but no failure of the process', async t => {
  const { url, host } = await open(t)
  const job = await host.start(recovered)
  await job.result()
  const tab = await openTab(t)
  await tab.goto(`${url}#/p/${job.pid}`)
  const panel = tab.getByRole('region', { name: 'Failed attempts' })
  await panel.getByText('1 attempt failed').waitFor()
  t.is(await tab.locator('.error-box:visible').count(), 0)
  await panel.getByText('1 attempt failed').click()
  await panel.getByText('the first one fails', { exact: true }).waitFor()
  t.deepEqual(tab.problems, [])
})

test.serial('logs: thousands of lines of which only those in sight are drawn; searched, and opened', async t => {
  const { url, host, gate } = await open(t)
  const job = await host.start(talking, { lines: 1500 })
  await job.result()
  const tab = await openTab(t)
  await tab.goto(`${url}#/p/${job.pid}`)
  const log = tab.getByRole('log')
  await log.getByText('line 1499 ').waitFor()
  t.true((await log.locator('p').count()) < 60)
  await log.evaluate(box => box.scrollTo(0, 0))
  await log.getByText('line 0 ').waitFor()
  await tab.getByLabel('Search logs').fill('LINE {"n":77}')
  await tab.getByText('1 of 1,500 lines').waitFor()
  await log.getByText('line 77 ').click()
  await tab.getByRole('region', { name: 'Fields of the log entry' }).getByText('"n": 77').waitFor()
  t.deepEqual(await barriers(tab), [])
  t.deepEqual(tab.problems, [])
  gate.open(0)
})

test.serial('what steps write is shown, without what an attempt before has written', async t => {
  const { url, host } = await open(t)
  const job = await host.start(writing)
  const tab = await openTab(t)
  await tab.goto(`${url}#/p/${job.pid}`)
  const stream = tab.getByRole('log', { name: 'Stream' })
  await stream.getByText('attempt 2').waitFor()
  t.is(await stream.textContent(), '<b>attempt 2</b> {"done":true}\n')
  t.deepEqual(await barriers(tab), [])
  t.deepEqual(tab.problems, [])
})

test.serial('what a step has done once is listed while it has not finished, thousands without trouble', async t => {
  const { url, host } = await open(t)
  const job = await host.start(remembering, { pages: 1500 })
  await job.result().catch(() => {})
  const tab = await openTab(t)
  await tab.goto(`${url}#/p/${job.pid}`)
  const list = tab.getByRole('list', { name: 'Done once' })
  await list.getByText('page-1499').waitFor()
  await tab.getByText('1,500 remembered').waitFor()
  t.is(await list.locator('li').count(), 200)
  t.deepEqual(await barriers(tab), [])
  t.deepEqual(tab.problems, [])
})

test.serial('a long name leaves room for the pid and the labels; a status that no process has is quiet', async t => {
  const { url, host } = await open(t)
  const job = await host.start(longName, {}, { labels: { customer: 'a-customer-with-a-long-name' } })
  await job.result()
  for (const width of [1280, 390]) {
    const tab = await openTab(t, { viewport: { width, height: 800 } })
    await tab.goto(url)
    const cell = (await tab.locator('.space .c-name').boundingBox())!
    const pid = (await tab.locator('.space .pid').boundingBox())!
    t.true(pid.x + pid.width <= cell.x + cell.width, `${width}`)
    const labels = (await tab.locator('.space .labels').boundingBox())!
    t.true(width < 760 || labels.width > 60, `${labels.width}`)
    await tab.locator('.statuses .zero', { hasText: 'error' }).waitFor()
    t.is(await tab.locator('.statuses .zero', { hasText: 'finished' }).count(), 0)
    t.deepEqual(await barriers(tab), [])
    t.deepEqual(tab.problems, [])
  }
})

test.serial('actions: proceed with data, cancel with a reason, delete; what is refused says why', async t => {
  const { url, host } = await open(t)
  const job = await host.start(approval, { amount: 7 })
  const tab = await openTab(t, { viewport: { width: 390, height: 800 } })
  await tab.goto(`${url}#/p/${job.pid}`)
  await tab.getByRole('button', { name: 'Proceed' }).click()
  await tab.getByLabel('Data, as JSON').fill('{ "approved": tru')
  await tab.locator('dialog').getByRole('button', { name: 'Proceed' }).click()
  await tab.getByRole('alert').getByText('This is not JSON').waitFor()
  t.deepEqual(await barriers(tab), [])
  await tab.getByLabel('Data, as JSON').fill('{ "approved": true }')
  await tab.locator('dialog').getByRole('button', { name: 'Proceed' }).click()
  t.deepEqual(await job.result(), { amount: 7, html: '<b>bold</b>', approved: true } as never)
  await tab.getByText('"<b>bold</b>"').waitFor()
  await tab.locator('.process-head .status.finished').waitFor()
  await tab.getByRole('button', { name: 'Delete' }).click()
  await tab.locator('dialog').getByRole('button', { name: 'Delete' }).click()
  await tab.getByText('No processes yet').waitFor()

  const other = await host.start(approval, { amount: 1 })
  await tab.getByRole('link', { name: 'approval' }).click()
  await tab.getByRole('button', { name: 'Cancel' }).click()
  await tab.getByLabel('Reason').fill('too dear')
  await tab.locator('dialog').getByRole('button', { name: 'Cancel the process' }).click()
  await tab.locator('.process-head .status.cancelled').waitFor()
  t.like(await host.get(other.pid), { error: { message: 'too dear' } })
  t.deepEqual(tab.problems, [])
})

test.serial('fork and submit are there when the client can', async t => {
  const asked: unknown[] = []
  const { url, host } = await open(t, {
    actor: {
      async fork(...given) {
        asked.push(['fork', ...given])
        return '0'.repeat(20)
      },
      async submit(...given) {
        asked.push(['submit', ...given])
        return '1'.repeat(20)
      },
    },
  })
  const job = await host.start(hello, { n: 1 })
  await job.result()
  const tab = await openTab(t)
  await tab.goto(`${url}#/p/${job.pid}`)
  await tab.getByRole('button', { name: 'Fork' }).click()
  await tab.locator('dialog').getByRole('button', { name: 'Fork' }).click()
  await tab.getByText('This process is not there').waitFor()
  t.is(await tab.getByRole('button', { name: 'Delete' }).count(), 0)
  await tab.getByRole('button', { name: 'Submit' }).click()
  await tab.locator('dialog select').selectOption('hello')
  await tab.getByLabel('Input, as JSON').fill('{"n":3}')
  await tab.getByLabel('Key').fill('three')
  await tab.locator('dialog').getByRole('button', { name: 'Submit' }).click()
  await tab.waitForURL(/1{20}$/)
  t.deepEqual(asked, [
    ['fork', job.pid, { from: 'one' }],
    ['submit', 'hello', { n: 3 }, { key: 'three' }],
  ])
})

test.serial('a page with a client of its own steers, forks and submits through the store', async t => {
  const store = `${await tempDir(t)}/store.sqlite`
  const host = await createRuntime({ processes: [hello, failing, approval], store: sqliteStore(store), worker: true })
  const server = await serveDashboard({ store, port: 0, host: '127.0.0.1' })
  t.teardown(async () => {
    await server.close()
    await host.close({ within: 0 })
  })
  const job = await host.start(approval, { amount: 7 })
  const tab = await openTab(t)
  await tab.goto(`${server.url}#/p/${job.pid}`)
  await tab.getByRole('button', { name: 'Proceed' }).click()
  await tab.getByLabel('Data, as JSON').fill('{ "approved": true }')
  await tab.locator('dialog').getByRole('button', { name: 'Proceed' }).click()
  t.like(await job.result(), { approved: true })
  await tab.getByRole('button', { name: 'Fork' }).click()
  await tab.locator('dialog select').selectOption('approve')
  await tab.locator('dialog').getByRole('button', { name: 'Fork' }).click()
  await tab.getByRole('link', { name: job.pid }).waitFor()
  await tab.getByRole('button', { name: 'Cancel' }).click()
  await tab.locator('dialog').getByRole('button', { name: 'Cancel the process' }).click()
  await tab.locator('.process-head .status.cancelled').waitFor()
  await tab.getByRole('button', { name: 'Submit' }).click()
  await tab.locator('dialog select').selectOption('hello')
  await tab.getByLabel('Input, as JSON').fill('{"n":3}')
  await tab.locator('dialog').getByRole('button', { name: 'Submit' }).click()
  await tab.locator('.process-head .status.finished').waitFor()
  t.deepEqual(tab.problems, [])
})

test.serial('retry is the first button of a failed process, and the two processes lead to each other', async t => {
  const { url, host } = await open(t)
  const job = await host.start(failing)
  await t.throwsAsync(job.result())
  const tab = await openTab(t)
  await tab.goto(`${url}#/p/${job.pid}`)
  await tab.locator('.actions button', { hasText: 'Retry' }).waitFor()
  t.is(await tab.locator('.actions button').first().textContent(), 'Retry …')
  await tab.locator('.actions button').first().click()
  await tab.locator('dialog').getByRole('button', { name: 'Retry' }).click()
  await tab.locator('.facts').getByRole('link', { name: job.pid }).first().click()
  const { retriedBy } = (await host.get(job.pid))!
  await tab.locator('.facts').getByRole('link', { name: retriedBy! }).waitFor()
  t.is(await tab.locator('.actions button', { hasText: 'Retry' }).count(), 0)
  t.deepEqual(tab.problems, [])
})

test.serial('hosts: who is alive and what it runs; a death is seen', async t => {
  const { url, host, gate, store } = await open(t)
  await host.start(gate.definition)
  const other = await createRuntime({ processes: [hello], store: lowdbStore(store) })
  const tab = await openTab(t)
  await tab.goto(`${url}#/hosts`)
  await untilCount(tab, '.host-state.alive', 2)
  await tab.getByRole('link', { name: 'gated' }).waitFor()
  await other.close()
  await untilCount(tab, '.host', 1)
  t.deepEqual(await barriers(tab), [])
  t.deepEqual(tab.problems, [])
})

test.serial('a server that goes away and comes back: the page says so, and goes on by itself', async t => {
  const { host, store } = await open(t)
  const token = 'a-token-of-the-test'
  const first = await serveDashboard({ store, port: 0, host: '127.0.0.1', token })
  const tab = await openTab(t)
  await tab.goto(first.url)
  await tab.getByText('No processes yet').waitFor()
  await first.close()
  await tab.getByText('The server does not answer').waitFor()
  const { pid } = await host.start(hello, { n: 1 })
  const port = Number(new URL(first.url).port)
  const again = await serveDashboard({ store, port, host: '127.0.0.1', token })
  await tab.getByRole('row').filter({ hasText: pid }).waitFor()
  await tab.getByText('The server does not answer').waitFor({ state: 'detached' })

  // With another token the page cannot go on, until the new address is opened in any tab of this
  // browser.
  await again.close()
  const other = await serveDashboard({ store, port, host: '127.0.0.1' })
  t.teardown(() => other.close())
  await tab.getByText('with another token').waitFor()
  const second = await tab.context().newPage()
  await second.goto(other.url)
  await tab.getByText('with another token').waitFor({ state: 'detached' })
  t.is(second.url(), `http://127.0.0.1:${port}/`)
  t.deepEqual(
    tab.problems.filter(problem => !/ERR_|401/.test(problem)),
    [],
  )
})

test.serial(
  'a link of another site opens the page with its token; the token is in no history, and the cookie in no script',
  async t => {
    const { url, host } = await open(t)
    const job = await host.start(hello, { n: 1 })
    await job.result()
    const tab = await openTab(t)
    // `localhost` is another site than 127.0.0.1.
    const site = createServer(
      (_, response) =>
        void response.setHeader('content-type', 'text/html').end(`<a href="${url}#/p/${job.pid}">open</a>`),
    )
    await once(site.listen(0, 'localhost'), 'listening')
    t.teardown(() => void site.close())
    const { port } = site.address() as AddressInfo
    await tab.goto(`http://localhost:${port}/`)
    await tab.getByRole('link').click()
    await tab.getByRole('heading', { name: /hello/ }).waitFor()
    t.is(tab.url(), `${new URL('/', url).href}#/p/${job.pid}`)
    t.is(await tab.evaluate('document.cookie'), '')
    await tab.reload()
    await tab.getByRole('heading', { name: /hello/ }).waitFor()
    t.deepEqual(
      tab.problems.filter(problem => !problem.includes('404')),
      [],
    )
  },
)

test.serial(
  '5,000 processes: usable within a second, every one of them within reach, transitions shown at once',
  async t => {
    const { url, host, gate } = await open(t)
    for (let n = 0; n < 5000; n += 250) {
      const some = await Promise.all(Array.from({ length: 250 }, (_, index) => host.start(hello, { n: n + index })))
      await Promise.all(some.map(job => job.result()))
    }
    const job = await host.start(gate.definition)
    const tab = await openTab(t)
    const began = performance.now()
    await tab.goto(url)
    await tab.getByRole('row').filter({ hasText: job.pid }).getByText('wait', { exact: true }).waitFor()
    const usableMs = performance.now() - began
    await tab.getByRole('button', { name: 'finished 5,000' }).waitFor()
    const allMs = performance.now() - began
    t.true((await tab.locator('.space .row').count()) < 60)
    await tab.locator('.body').evaluate(body => body.scrollTo(0, body.scrollHeight))
    await tab.locator('[aria-rowindex="5002"]').waitFor()
    await tab.locator('.body').evaluate(body => body.scrollTo(0, 0))
    const waited = tab.locator('.space .row .step-name', { hasText: 'end' }).waitFor()
    const opened = performance.now()
    gate.open(0)
    await waited
    const shownMs = performance.now() - opened
    t.log({ usableMs: Math.round(usableMs), allMs: Math.round(allMs), shownMs: Math.round(shownMs) })
    // A machine that is busy with other tests gets three times what the page promises.
    t.true(usableMs < 3000 && shownMs < 900)
    t.deepEqual(tab.problems, [])
  },
)

test.serial('60 transitions a second, no frame later than 100 ms', async t => {
  const { url, host, gate } = await open(t)
  await host.start(gate.definition)
  const tab = await openTab(t)
  await tab.goto(url)
  await tab.locator('.space .row').first().waitFor()
  const longest = tab.evaluate<number>(`(async () => {
    let last = performance.now()
    let worst = 0
    for (const until = last + 2000; last < until; ) {
      const now = await new Promise(requestAnimationFrame)
      worst = Math.max(worst, now - last)
      last = now
    }
    return worst
  })()`)
  for (let n = 0; n < 60; n++) {
    await host.start(hello, { n })
    await setTimeout(33)
  }
  const worstMs = await longest
  t.log({ worstMs: Math.round(worstMs) })
  t.true(worstMs < 300)
})
