import test from 'ava'
import { defineProcess, typed } from '../../src/index.ts'
import { crashEverywhere, effect } from '../../src/testing/index.ts'

interface Call {
  readonly idempotencyKey: string
  readonly attempt: number
}

/** What was done in each run, from its first step on. */
function ledger() {
  const runs: Set<string>[] = []
  const services = {
    begin: ({ attempt }: Call): void => void (attempt === 1 && runs.push(new Set())),
    act(what: string, { idempotencyKey }: Call): void {
      runs.at(-1)?.add(what)
      effect(what, idempotencyKey)
    },
  }
  return { runs, services }
}

const saga = defineProcess({ name: 'saga', services: typed<ReturnType<typeof ledger>['services']>() })
  .step(
    'flight',
    context => {
      context.services.begin(context)
      context.services.act('book flight', context)
    },
    { undo: context => context.services.act('give back flight', context) },
  )
  .parallel('rooms', {
    single: {
      run: context => context.services.act('book single', context),
      undo: {
        run: context => {
          if (context.attempt === 1) throw new Error('busy')
          context.services.act('give back single', context)
        },
        retry: 9,
      },
    },
    double: {
      run: context => context.services.act('book double', context),
      undo: context => context.services.act('give back double', context),
    },
  })
  .each(
    'guests',
    () => ['Ada', 'Bo'],
    context => context.services.act(`invite ${context.data}`, context),
    {
      concurrency: 1,
      undo: context => context.services.act(`disinvite ${context.data}`, context),
    },
  )
  .step('pay', context => context.services.act('pay', context), {
    undo: context => context.services.act('refund', context),
  })
  .step('fail', () => Promise.reject(new Error('no')), {
    undo: context => context.services.act('undo what never finished', context),
  })

test('a host that dies at any record of a saga: each undo has its effect once, and none undoes what never finished', async t => {
  const { runs, services } = ledger()
  const report = await crashEverywhere(saga, undefined, { services })
  t.log(report.deaths, 'deaths')
  t.true(report.deaths > 15)
  t.deepEqual(report.outcome, { status: 'error', error: 'no' })
  t.deepEqual([...report.repeated, ...report.changed], [])
  const did = ['book flight', 'book single', 'book double', 'invite Ada', 'invite Bo', 'pay']
  const undid = ['refund', 'disinvite Ada', 'disinvite Bo', 'give back single', 'give back double', 'give back flight']
  t.true(runs.length > report.deaths)
  for (const run of runs) t.deepEqual([...run].toSorted(), [...did, ...undid].toSorted())
})
