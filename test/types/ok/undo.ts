/** What undos are given. */
import { expectTypeOf } from 'expect-type'
import { defineProcess } from '../../../src/steps/define-process.ts'
import { typed } from '../../../src/steps/typed.ts'
import type { UndoContext, UndoReason } from '../../../src/index.ts'

interface Bank {
  refund(receipt: string): Promise<void>
}
const p = defineProcess({ name: 'u', input: typed<{ n: number }>(), services: typed<{ bank: Bank }>() })

p.step('charge', async ({ data }) => ({ receipt: `r${data.n}` }), {
  undo: ({ output, data, input, reason, services, error, idempotencyKey }) => {
    expectTypeOf(output).toEqualTypeOf<{ receipt: string }>()
    expectTypeOf(data).toEqualTypeOf<{ n: number }>()
    expectTypeOf(input).toEqualTypeOf<{ n: number }>()
    expectTypeOf(reason).toEqualTypeOf<UndoReason>()
    expectTypeOf(error.message).toEqualTypeOf<string>()
    expectTypeOf(idempotencyKey).toEqualTypeOf<string>()
    return services.bank.refund(output.receipt)
  },
}).step('next', ({ data }) => data.receipt.length, {
  retry: 3,
  undo: {
    run: ({ output, data, attempt }) => {
      expectTypeOf(output).toEqualTypeOf<number>()
      expectTypeOf(data).toEqualTypeOf<{ receipt: string }>()
      expectTypeOf(attempt).toEqualTypeOf<number>()
    },
    retry: 3,
  },
})

// What has not finished has no output.
p.step('half', () => 7, {
  undo: {
    run: ({ output }) => {
      expectTypeOf(output).toEqualTypeOf<number | undefined>()
    },
    onFailure: true,
  },
})

class Refund {
  async execute(data: { n: number }, { output }: UndoContext<{ receipt: string }>) {
    return [data.n, output.receipt]
  }
}
p.step('spec', () => ({ receipt: 'r' }), { undo: { class: Refund } })

p.each(
  'items',
  () => ['a'],
  ({ data }) => data.length,
  {
    undo: ({ output, data }) => {
      expectTypeOf(output).toEqualTypeOf<number>()
      expectTypeOf(data).toEqualTypeOf<string>()
    },
  },
)

const child = defineProcess({ name: 'child', input: typed<{ n: number }>() }).step('c', () => true)
p.process('child', child, {
  undo: ({ output, data }) => {
    expectTypeOf(output).toEqualTypeOf<boolean>()
    expectTypeOf(data).toEqualTypeOf<{ n: number }>()
  },
})

p.step('wrong', () => ({ receipt: 'r' }), {
  // @ts-expect-error the output has no such property
  undo: ({ output }) => output.recipe,
})
p.each(
  'wrong',
  () => ['a'],
  () => 1,
  {
    // @ts-expect-error items have no such option
    undo: { run: () => {}, onFailure: true },
  },
)
