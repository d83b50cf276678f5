import test from 'ava'
import { Nonsense } from '../../src/journal/line.ts'
import { settled } from '../../src/journal/reader.ts'

test('what makes no sense for a moment is looked at again, and is corrupt once it goes on', async t => {
  let looks = 0
  const read = (): string => {
    if (++looks < 3) throw new Nonsense('its writer is cutting it just now')
    return 'whole'
  }
  t.is(await settled('journal', read), 'whole')
  const never = (): never => {
    throw new Nonsense('never whole')
  }
  await t.throwsAsync(settled('journal', never), { code: 'ERR_STORE_CORRUPT' })
})
