import { appendFileSync } from 'node:fs'
import { z } from 'zod'
import { defineProcess } from '../../src/index.ts'

/** Its second step ends on the second attempt only. Each attempt writes a line into a file. */
export const reporting = (log: string) => {
  const did = (what: string): void => appendFileSync(log, `${what}\n`)
  return defineProcess({ name: 'report', input: z.object({ topic: z.string().describe('What it is about') }) })
    .step('collect', ({ data }) => {
      did('collect')
      return `facts about ${data.topic}`
    })
    .step('write', async ({ data, attempt, signal }) => {
      did(`write ${attempt}`)
      if (attempt === 1) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      return { text: data }
    })
}

export const asking = defineProcess({ name: 'ask' }).interrupt('review', {
  schema: z.object({ approved: z.boolean(), note: z.string().optional() }),
})
