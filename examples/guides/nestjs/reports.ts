import { setTimeout } from 'node:timers/promises'
import { defineProcess, typed } from 'stepwright'

export interface Question {
  topic: string
}

export const report = defineProcess({ name: 'report', input: typed<Question>() })
  .step('collect', async ({ data, progress, signal }) => {
    for (let page = 1; page <= 3; page++) {
      await setTimeout(20, undefined, { signal })
      progress(page, 3, `page ${page}`)
    }
    return { topic: data.topic, pages: 3 }
  })
  .step('write', ({ data }) => `${data.pages} pages about ${data.topic}`)
