import fs from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import * as fc from 'fast-check'
import { aRecord, created, ended } from '../../src/testing/conformance/samples.ts'
import { lowdbStore } from '../../src/store/lowdb/lowdb-store.ts'
import { parseClaim } from '../../src/journal/line.ts'
import { tempDir } from '../temp-dir.ts'
import { DIE, GO, Stepper } from './stepper.ts'

/** Whose turn it is, and for how many steps; and after how many steps who dies. */
const plans = fc.record({
  turns: fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 8 })), { minLength: 4, maxLength: 20 }),
  firstDiesAt: fc.option(fc.nat(8), { nil: Infinity }),
  heirDiesAt: fc.option(fc.nat(25), { nil: Infinity }),
  before: fc.constantFrom('free', 'churning', 'ended', 'released', 'lost'),
})

test('at every interleaving of their calls, and wherever one dies, two hosts that claim a key agree', async t => {
  const dir = join(await tempDir(t), 'store')
  const setUp = await lowdbStore(dir).openHost()
  const steppers = [new Stepper(), new Stepper(), new Stepper()] as const
  t.teardown(() => Promise.all(steppers.map(stepper => stepper.close())))
  const [first, second, third] = steppers
  const dead: string[] = []
  let [firstId = ''] = (await first.run({ open: dir })) ?? [],
    count = 0
  await second.run({ open: dir })

  const newHeir = (): string => {
    const id = `h${String(++count).padStart(11, '0')}`
    fs.mkdirSync(join(dir, 'active', id))
    return id
  }
  /** Of every journal that is somebody's, by key. */
  const holders = (key: string): string[] =>
    fs.readdirSync(join(dir, 'active'), { recursive: true, encoding: 'utf8' }).flatMap(name => {
      const claim = name.endsWith('.jsonl')
        ? parseClaim(fs.readFileSync(join(dir, 'active', name), 'utf8').split('\n')[0] ?? '')
        : undefined
      return claim?.key === key ? [claim.pid] : []
    })

  const found = await fc.check(
    fc.asyncProperty(plans, async ({ turns, firstDiesAt, heirDiesAt, before }) => {
      const key = `key-${++count}`
      const old = await {
        free: async () => undefined,
        churning: async () => aRecord({ key }),
        ended: () => ended(setUp, { key }),
        released: () => created(setUp, { key }),
        lost: () => created(setUp, { key }),
      }[before]()
      if (before === 'lost' && old) fs.rmSync(join(dir, 'active', setUp.hostId, `${old.pid}.jsonl`))
      if (before === 'released' && old) await setUp.release(old.pid)
      first.begin({ create: [aRecord({ key })] })
      const create = [aRecord({ key }), aRecord({ key })]
      second.begin(before === 'churning' && old ? { churn: old, dir, create } : { create })
      // Who comes third: someone who removes what has the key, or the heir of the one that died.
      if (before === 'ended' && old) third.begin({ remove: { dir, pid: old.pid } })
      let steps = 0,
        heirSteps = 0
      const heirs: string[] = []
      const inherit = (): void => {
        if (before === 'ended' && heirs.length === 0 && !third.isOver) return
        heirs.push(newHeir())
        heirSteps = 0
        third.begin({ adopt: { dir, hostId: heirs.at(-1) ?? '', dead } })
      }
      const moves = [
        () => {
          if (first.isOver) return
          if (++steps <= firstDiesAt) return first.step()
          first.step(DIE)
          dead.push(firstId)
          inherit()
        },
        () => second.isOver || second.step(),
        () => {
          if (third.isOver) return
          const dies = heirs.length === 1 && ++heirSteps > heirDiesAt
          third.step(dies ? DIE : GO)
          if (!dies) return
          dead.push(heirs[0] ?? '')
          inherit()
        },
      ] as const
      for (const [who, count] of turns) for (let n = 0; n < count; n++) moves[who]?.()
      while (!steppers.every(({ isOver }) => isOver)) for (const move of moves) move()
      const [one, two, three] = await Promise.all(steppers.map(stepper => stepper.answer()))
      // Whatever is left is for the next one.
      dead.push(...heirs)
      const last = newHeir()
      const rest = await third.run({ adopt: { dir, hostId: last, dead } })
      const holding = holders(key)
      const given = [...(one ?? []), ...(two ?? [])].filter(
        pid => !['ended', 'churning'].includes(before) || pid !== old?.pid,
      )
      // Handed out by an adoption, so they run.
      const ran = [...((heirs.length > 0 && three) || []), ...(rest ?? [])]
      const seen = JSON.stringify({ holding, given, ran, old: old?.pid })
      if (dead.includes(firstId)) [firstId = ''] = (await first.run({ open: dir })) ?? []
      dead.push(last)
      for (const name of fs.readdirSync(join(dir, 'active'), { recursive: true, encoding: 'utf8' }))
        if (name.endsWith('.jsonl')) fs.rmSync(join(dir, 'active', name))
      for (const name of fs.readdirSync(join(dir, 'keys'))) fs.rmSync(join(dir, 'keys', name))

      if (new Set(given).size > 1) throw new Error(`two pids were given: ${seen}`)
      if (holding.length > 1) throw new Error(`two processes have the key: ${seen}`)
      if (given.some(pid => !holding.includes(pid))) throw new Error(`the process that was given is gone: ${seen}`)
      if (ran.some(pid => !holding.includes(pid))) throw new Error(`a process runs that nobody has: ${seen}`)
    }),
    { numRuns: 300 },
  )
  t.false(found.failed, fc.defaultReportMessage(found) + ((found.errorInstance as Error | null)?.stack ?? ''))
  await setUp.close()
})
