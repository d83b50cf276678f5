import test from 'ava'
import { setImmediate as turn } from 'node:timers/promises'
import { defineProcess, openClient, StepwrightError, type Runtime, type RuntimeEvents } from '../../src/index.ts'
import type { HostStore, Store } from '../../src/store/store.ts'
import { createTestRuntime, memoryStore } from '../../src/testing/index.ts'
import { gate } from './gate.ts'
import { assign, setup } from 'xstate'
import { processTaken } from '../../src/store/failures.ts'
import { wrappedStore } from './wrapped-store.ts'

const noAnswer = (): StepwrightError => new StepwrightError('ERR_STORE_WRITE', 'the answer was lost')

/** Takes all that a host has, though it lives. Whoever looks next adopts it. */
async function rob(store: Store, robbed: Runtime | undefined): Promise<void> {
  const [host] = await store.hosts()
  if (host && robbed) await store.adopt(host.id, true)
}

function hostEvents(runtime: Runtime): RuntimeEvents['host'][] {
  const events: RuntimeEvents['host'][] = []
  runtime.on('host', event => events.push(event))
  return events
}

/** A process of two steps; the first says where it runs, and waits there until it is let go. */
function twoSteps(where: string, ran: string[], free: Promise<void>, signals: AbortSignal[] = []) {
  return defineProcess({ name: 'two-steps' })
    .step('one', async ({ attempt, signal }) => {
      ran.push(`${where} one ${attempt}`)
      signals.push(signal)
      await free
      return where
    })
    .step('two', ({ data, attempt }) => {
      ran.push(`${where} two ${attempt}`)
      return data
    })
}

test('a host that was robbed aborts what runs, records nothing, and says so once; its handle follows the new owner', async t => {
  const store = memoryStore()
  const ran: string[] = []
  const signals: AbortSignal[] = []
  const [held, free] = [gate(), gate()]
  free.open()
  const definition = twoSteps('robbed', ran, held.promise, signals)
  const victim = await createTestRuntime({ processes: [definition], store, recover: false })
  const lost = hostEvents(victim)
  const job = await victim.start(definition)
  const told: string[] = []
  job.subscribe(({ status }) => told.push(status))
  while (signals.length === 0) await turn()
  await rob(store, victim)
  t.true(signals[0]?.aborted)
  t.like(signals[0]?.reason, { code: 'ERR_PROCESS_TAKEN' })
  t.deepEqual(lost, [{ type: 'lost', pids: [job.pid] }])
  const result = job.result()
  const heir = await createTestRuntime({ processes: [twoSteps('heir', ran, free.promise)], store, clock: victim.clock })
  t.is(await result, 'heir')
  while (told.at(-1) !== 'finished') await turn()
  t.deepEqual(ran, ['robbed one 1', 'heir one 2', 'heir two 1'])
  // What the first host makes of it comes too late.
  held.open()
  await turn()
  const history = await heir.history(job.pid)
  t.deepEqual(
    history.map(({ revision }) => revision),
    history.map((_, index) => index + 1),
  )
  t.is(await job.result(), 'heir')
  await t.throwsAsync(job.cancel(), { code: 'ERR_ALREADY_ENDED' })
  t.is(lost.length, 1)
  // It can begin anew.
  const next = await victim.start(definition)
  t.is(await next.result(), 'robbed')
  await Promise.all([victim.close(), heir.close()])
})

test('a step whose process was taken does not begin, and a steering call goes to the new owner', async t => {
  const inner = memoryStore()
  const begun: string[] = []
  const store = wrappedStore(() => ({ onLost: () => {} }), inner)
  const leave = gate()
  const definition = defineProcess({ name: 'silent' })
    .step('one', () => leave.promise)
    .step('two', () => void begun.push('two'))
    .interrupt('ask')
  const victim = await createTestRuntime({ processes: [definition], store, recover: false })
  const job = await victim.start(definition)
  await victim.until(job.pid, ({ steps }) => steps[0]?.status === 'running')
  const events = hostEvents(victim)
  await rob(inner, victim)
  // Nobody has told the host: the write of what comes next is refused.
  leave.open()
  for (let i = 0; i < 10; i++) await turn()
  t.deepEqual(begun, [])
  t.deepEqual(events, [{ type: 'lost', pids: [job.pid] }])
  const heir = await createTestRuntime({ processes: [definition], store: inner, clock: victim.clock })
  await heir.until(job.pid, 'interrupted')
  t.deepEqual(begun, ['two'])
  t.is(await job.proceed(), 'taken')
  t.is((await victim.get(job.pid))?.status, 'finished')
  await Promise.all([victim.close(), heir.close()])
})

test('a host that is given its own process back drops what it had', async t => {
  const store = memoryStore()
  const ran: string[] = []
  const signals: AbortSignal[] = []
  const [held, free] = [gate(), gate()]
  const definition = defineProcess({ name: 'back' })
    .step('one', async ({ attempt, signal }) => {
      ran.push(`one ${attempt}`)
      signals.push(signal)
      await (attempt === 1 ? held.promise : free.promise)
    })
    .step('two', ({ attempt }) => void ran.push(`two ${attempt}`))
  const host = await createTestRuntime({
    processes: [definition],
    store: wrappedStore(() => ({ onLost: () => {} }), store),
  })
  const job = await host.start(definition)
  while (signals.length === 0) await turn()
  await rob(store, host)
  while (signals.length === 1) await new Promise(resolve => setTimeout(resolve, 20))
  t.true(signals[0]?.aborted)
  t.false(signals[1]?.aborted)
  held.open()
  await turn()
  free.open()
  await job.result()
  t.deepEqual(ran, ['one 1', 'one 2', 'two 1'])
  await host.close()
})

test('close does not wait for a process that was lost', async t => {
  const store = memoryStore()
  const begun = gate()
  const definition = defineProcess({ name: 'deaf' }).step('never', () => {
    begun.open()
    return new Promise(() => {})
  })
  const host = await createTestRuntime({ processes: [definition], store, recover: false })
  await host.start(definition)
  await begun.promise
  await rob(store, host)
  // The clock stands still: it would wait for ever.
  await host.close({ within: '10h' })
  t.pass()
})

/** A store whose host loses the answer to the first call of a method: what was asked is done. */
function losing(method: 'create' | 'complete' | 'release', inner: Store): Store {
  let left = 1
  return wrappedStore(
    host => ({
      [method]: async (...given: never[]) => {
        const answer: unknown = await (host[method] as (...all: never[]) => Promise<unknown>)(...given)
        if (left-- > 0) throw noAnswer()
        return answer
      },
    }),
    inner,
  )
}

const counting = (ran: string[]) =>
  defineProcess({ name: 'counting' })
    .step('one', ({ attempt }) => void ran.push(`one ${attempt}`))
    .step('two', ({ attempt }) => void ran.push(`two ${attempt}`))

test('the answer to a create is lost: the process runs once', async t => {
  const ran: string[] = []
  const definition = counting(ran)
  const host = await createTestRuntime({ processes: [definition], store: losing('create', memoryStore()) })
  const job = await host.start(definition)
  await job.result()
  t.deepEqual(ran, ['one 1', 'two 1'])
  t.is((await Array.fromAsync(host.list())).length, 1)
  await host.close()
})

test('the answer to every line, the last one too, is lost: each step runs once', async t => {
  const ran: string[] = []
  const definition = counting(ran)
  const lost = new Set<number>()
  const store = wrappedStore(host => ({
    async write(line) {
      await host.write(line)
      if (lost.has(line.revision)) return
      lost.add(line.revision)
      throw noAnswer()
    },
  }))
  const host = await createTestRuntime({ processes: [definition], store, recover: false })
  host.on('store-error', () => {})
  const job = await host.start(definition)
  const result = job.result()
  for (let i = 0; i < 10; i++) await host.clock.advance('10s')
  await result
  t.deepEqual(ran, ['one 1', 'two 1'])
  const history = await host.history(job.pid)
  t.is(history.at(-1)?.status, 'finished')
  t.deepEqual(
    history.map(({ revision }) => revision),
    history.map((_, index) => index + 1),
  )
  await host.close()
})

test('the answer to the first adoption is lost: the host does not open, and the next one adopts', async t => {
  const inner = memoryStore()
  const ran: string[] = []
  const definition = counting(ran)
  const blocked = gate()
  const blocking = defineProcess({ name: 'blocking' }).step('hold', () => blocked.promise)
  const before = await createTestRuntime({ processes: [definition, blocking], store: inner, concurrency: 1 })
  const { clock } = before
  await before.start(blocking)
  const job = await before.start(definition)
  await before.die()
  let left = 1
  const store = wrappedStore(
    host => ({
      async *adopt(...given) {
        for await (const adopted of host.adopt(...given)) {
          if (adopted.record.name === 'counting' && left-- > 0) throw noAnswer()
          yield adopted
        }
      },
    }),
    inner,
  )
  blocked.open()
  await t.throwsAsync(createTestRuntime({ processes: [definition, blocking], store, clock }), {
    code: 'ERR_STORE_WRITE',
  })
  // The host that could not open had them; it is closed, and so dead.
  const later = await createTestRuntime({ processes: [definition, blocking], store: inner, clock })
  t.is(await later.result(job.pid), null)
  t.deepEqual(ran, ['one 1', 'two 1'])
  await later.close()
})

test('the answers to a take and to a completion are lost: what was submitted runs once', async t => {
  for (const method of ['take', 'complete'] as const) {
    const inner = memoryStore()
    const ran: string[] = []
    const definition = counting(ran)
    let left = 1
    const take = (host: HostStore): Partial<HostStore> => ({
      async *take(accept, skip) {
        for await (const record of host.take(accept, skip)) {
          if (left-- > 0) throw noAnswer()
          yield record
        }
      },
    })
    const store = method === 'take' ? wrappedStore(take, inner) : losing('complete', inner)
    const worker = await createTestRuntime({ processes: [definition], store, worker: true })
    const pid = await worker.submit('counting')
    t.is(await worker.result(pid), null, method)
    t.deepEqual(ran, ['one 1', 'two 1'], method)
    await worker.close()
  }
})

test('a host that was cut off from its store, and whose processes went on elsewhere, goes on with the rest when it is back', async t => {
  const inner = memoryStore()
  const ran: string[] = []
  let isCut = false
  const cut = (): void => {
    if (isCut) throw noAnswer()
  }
  const store = wrappedStore(
    host => ({
      onLost: () => {},
      write: async line => {
        cut()
        await host.write(line)
      },
      create: async record => {
        cut()
        return host.create(record)
      },
      async *adopt(...given) {
        cut()
        yield* host.adopt(...given)
      },
    }),
    inner,
  )
  const [held, free] = [gate(), gate()]
  free.open()
  const definition = twoSteps('victim', ran, held.promise)
  const back = await createTestRuntime({ processes: [definition], store, recover: false })
  const lost = hostEvents(back)
  const job = await back.start(definition)
  while (ran.length === 0) await turn()
  isCut = true
  await rob(inner, back)
  const heir = await createTestRuntime({
    processes: [twoSteps('heir', ran, free.promise)],
    store: inner,
    clock: back.clock,
  })
  t.is(await heir.result(job.pid), 'heir')
  // It finishes its step, and cannot say so to anybody.
  held.open()
  await back.clock.advance('1s')
  await t.throwsAsync(back.start(definition), { code: 'ERR_STORE_WRITE' })
  isCut = false
  await back.clock.advance('10s')
  t.deepEqual(lost, [{ type: 'lost', pids: [job.pid] }])
  t.is(await job.result(), 'heir')
  t.is(await (await back.start(definition)).result(), 'victim')
  t.deepEqual(ran, ['victim one 1', 'heir one 2', 'heir two 1', 'victim one 1', 'victim two 1'])
  await Promise.all([back.close(), heir.close()])
})

test('the answers to commands are lost: each is carried out once', async t => {
  const inner = memoryStore()
  const { documents } = inner
  let lost = 0
  const store: Store = {
    ...wrappedStore(() => ({}), inner),
    documents: {
      list: (...given) => documents.list(...given),
      get: (...given) => documents.get(...given),
      delete: (...given) => documents.delete(...given),
      async put(collection, ...given) {
        await documents.put(collection, ...given)
        if (collection !== 'commands' || lost++ % 2 === 1) return
        // Its host has carried it out before the client asks again.
        for (let i = 0; i < 20; i++) await turn()
        throw noAnswer()
      },
    },
  }
  const definition = defineProcess({ name: 'asks' })
    .interrupt('first')
    .interrupt('second')
    .step('end', () => 'over')
  const host = await createTestRuntime({ processes: [definition], store: inner })
  const [job, other] = [await host.start(definition), await host.start(definition)]
  const client = openClient(store)
  t.is(await client.proceed(job.pid), 'taken')
  t.is((await host.until(job.pid, 'interrupted')).steps[1]?.status, 'interrupted', 'it did not proceed twice')
  t.is(await client.proceed(job.pid), 'taken')
  t.is(await job.result(), 'over')
  t.is(await client.cancel(other.pid), 'taken')
  t.is((await host.get(other.pid))?.status, 'cancelled')
  t.is(lost, 6)
  await client.close()
  await host.close()
})

test('an event is sent once though its host was robbed while it wrote that, and the line came into the copy', async t => {
  const inner = memoryStore()
  const robbed = gate()
  let armed = true
  const store = wrappedStore(
    host => ({
      onLost: () => {},
      async write(line) {
        await host.write(line)
        if (line.event.command === undefined || !armed) return
        armed = false
        await rob(inner, victim)
        robbed.open()
        throw processTaken(line.pid, host.hostId)
      },
    }),
    inner,
  )
  const counter = setup({ types: { context: {} as { words: string[] } } }).createMachine({
    context: { words: [] },
    on: {
      ADD: { actions: assign({ words: ({ context, event }) => [...context.words, event['word'] as string] }) },
      DONE: '.done',
    },
    initial: 'open',
    states: { open: {}, done: { type: 'final' } },
    output: ({ context }) => context.words,
  })
  const definition = defineProcess({ name: 'listens' }).machine('listen', counter)
  const victim: Runtime = await createTestRuntime({ processes: [definition], store, recover: false })
  const job = await victim.start(definition)
  for await (const { steps } of victim.watch(job.pid)) if (steps[0]?.machine) break
  const sent = job.send({ type: 'ADD', word: 'once' })
  await robbed.promise
  const heir = await createTestRuntime({ processes: [definition], store: inner })
  t.true(['taken', 'kept'].includes(await sent))
  await heir.until(job.pid, ({ steps }) => steps[0]?.status === 'running')
  await heir.send(job.pid, { type: 'DONE' })
  t.deepEqual(await heir.result(job.pid), ['once'])
  await Promise.all([victim.close(), heir.close()])
})
