#!/usr/bin/env node
// A plain command with a bar per step: `npx thumbnails photos`. Stop it with Ctrl-C, and run it again:
// it goes on with the pictures that are left.
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { createRuntime, defineProcess, typed, type ProcessStepInfo } from 'stepwright'

const shrink = defineProcess({ name: 'thumbnails', input: typed<{ folder: string }>() })
  .step('find', async ({ data }) => {
    await mkdir(join(data.folder, 'small'), { recursive: true })
    return (await readdir(data.folder)).filter(name => name.endsWith('.jpg')).map(name => join(data.folder, name))
  })
  .each(
    'shrink',
    ({ data }) => data,
    async ({ data, input }) => {
      const small = join(input.folder, 'small', basename(data))
      await writeFile(small, `a small ${basename(data)}`)
      return small
    },
    { concurrency: 4 },
  )
  .step('count', ({ data }) => data.length)

const WIDTH = 20

function bar({ name, status, progress }: ProcessStepInfo): string {
  const part = status === 'finished' ? 1 : progress?.total ? progress.value / progress.total : 0
  const full = Math.round(part * WIDTH)
  return `${name.padEnd(8)}${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${status}`
}

const folder = resolve(process.argv[2] ?? '.')
const runtime = await createRuntime({ processes: [shrink], store: join(folder, '.thumbnails') })
process.once('SIGINT', () => void runtime.close().then(() => process.exit(130)))
// The key: as long as it has not ended, the same folder is the same process.
const job = await runtime.start(shrink, { folder }, { key: folder })
const draw = (steps: readonly ProcessStepInfo[]) => {
  if (process.stderr.isTTY) process.stderr.write(`${steps.map(bar).join('\n')}\n\x1b[${steps.length}A`)
}
for await (const { steps } of runtime.watch(job.pid)) draw(steps)
if (process.stderr.isTTY) process.stderr.write('\n\n\n')
console.log(`${await job.result()} thumbnails`)
await runtime.delete(job.pid)
await runtime.close()
