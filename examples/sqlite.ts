// Processes in one SQLite file: run by one runtime, found by name, status and label, and copied into a folder of journals.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyStore, createRuntime, defineProcess, lowdbStore, openClient, typed } from 'stepwright'
import { sqliteStore } from 'stepwright/sqlite'

const invoice = defineProcess({ name: 'invoice', input: typed<{ customer: string; euros: number }>() })
  .step('tax', ({ data }) => ({ ...data, tax: data.euros * 0.19 }))
  .step('total', ({ data }) => {
    if (data.euros < 0) throw new RangeError(`An invoice over ${data.euros} euros`)
    return { total: data.euros + data.tax }
  })

const dir = await mkdtemp(join(tmpdir(), 'stepwright-sqlite-'))
const file = join(dir, 'invoices.sqlite')
try {
  const runtime = await createRuntime({ processes: [invoice], store: sqliteStore(file) })
  const jobs = await Promise.all(
    [120, 80, -5, 40].map((euros, i) => runtime.start(invoice, { customer: `c${i % 2}`, euros }, { labels: { customer: `c${i % 2}` } })),
  )
  await Promise.allSettled(jobs.map(job => job.result()))
  await runtime.close()

  // The ending says that it is a file of SQLite: `stepwright list --store invoices.sqlite` knows it by that too.
  await using client = openClient(file)
  for await (const { status, input, error } of client.list({ labels: { customer: 'c0' } })) console.log(status, input, error?.message ?? '')

  const { copied } = await copyStore(sqliteStore(file), lowdbStore(join(dir, 'journals')))
  console.log(`${copied} copied into a folder`)
} finally {
  await rm(dir, { recursive: true })
}
