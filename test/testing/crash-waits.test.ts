import test from 'ava'
import { defineProcess } from '../../src/index.ts'
import { crashEverywhere, effect, type Steer } from '../../src/testing/index.ts'

const NAMES = ['plan', 'search', 'read', 'write', 'send']

/** Five paid calls, with a question and a nap between them; each attempt makes the first three in another order. */
const agent = (isSafe: boolean) =>
  defineProcess({ name: 'agent' }).step('work', async ({ once, waitFor, sleep, attempt }) => {
    const pay = (name: string) =>
      once(name, ({ idempotencyKey }) => {
        effect(name, isSafe ? idempotencyKey : undefined)
        return name
      })
    const first = NAMES.slice(0, 3)
    for (const name of attempt % 2 === 0 ? first.toReversed() : first) await pay(name)
    const answer = await waitFor<string>('approval', { timeout: '7d' })
    await pay('write')
    await sleep('nap', '1h')
    await pay('send')
    return answer
  })

const steer: Steer = ({ steps }) =>
  steps[0]?.waits?.some(({ name }) => name === 'approval') ? { proceed: 'yes', name: 'approval' } : undefined

test('a step that waits is the same wherever its host dies', async t => {
  const { repeated, changed, outcome, deaths } = await crashEverywhere(agent(true), undefined, { steer })
  t.deepEqual(outcome, { status: 'finished', output: 'yes' })
  t.deepEqual([...repeated, ...changed], [])
  t.true(deaths >= 9, `${deaths} deaths`)
})

test('a call is made again only if its record was not written', async t => {
  const { repeated, changed } = await crashEverywhere(agent(false), undefined, { steer })
  t.deepEqual(changed, [])
  // Each of the five once, by the death in the moment before its record.
  t.deepEqual(new Map(repeated.map(({ effect: name, times }) => [name, times])), new Map(NAMES.map(name => [name, 2])))
  t.is(repeated.length, NAMES.length)
})
