import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { SEEDS } from './seeds.ts'

const run = promisify(execFile)

/**
 * What `npm run simulate` prints. Its coverage would be of the sources as the simulation changes
 * them.
 */
async function simulate(...args: string[]): Promise<string> {
  const { NODE_V8_COVERAGE: _, ...env } = process.env
  const { stdout } = await run(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--no-warnings',
      '--conditions=@stepwright/source',
      join(import.meta.dirname, 'run.ts'),
      ...args,
    ],
    { env, maxBuffer: 2 ** 28 },
  )
  return stdout
}

/** A seed that fails ends the program with status 1, and says how to see it again. */
async function mustPass(t: { log(text: string): void }, ...args: string[]): Promise<void> {
  try {
    t.log(await simulate(...args))
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout, { cause: error })
  }
}

test('a seed gives the same world byte for byte, whatever was simulated before it', async t => {
  const alone = await simulate('--seed', '42')
  const after = await simulate('--seed', '7', '--seed', '41', '--seed', '42')
  t.true(alone.split('\n').length > 20)
  t.is(after.slice(-alone.length), alone)
})

test('seeds that found a fault find none', async t => {
  await mustPass(t, '--jobs', '1', ...Object.keys(SEEDS).flatMap(seed => ['--only', seed]))
  t.pass()
})

test('200 seeds find no fault', async t => {
  await mustPass(t, '--jobs', '1', '--seeds', '200')
  t.pass()
})
