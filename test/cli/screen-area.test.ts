import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import test from 'ava'
import { ScreenArea } from '../../src/cli/screen-area.ts'
import type { Output } from '../../src/cli/io.ts'
import { screenAfter } from './terminal.ts'

function terminal(columns = 80) {
  let text = ''
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns })
  stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  return { stdout: stdout as Output & { columns: number }, output: () => text }
}

test('draws in place, hides the cursor and gives it back', async t => {
  const { stdout, output } = terminal()
  let lines = ['first', 'second', 'third']
  const view = new ScreenArea(stdout, () => lines)
  stdout.write('$ stepwright watch\n')
  view.start()
  t.deepEqual(screenAfter(output()), {
    lines: ['$ stepwright watch', 'first', 'second', 'third', ''],
    cursorHidden: true,
  })

  lines = ['first', '2nd']
  await once(stdout, 'data')
  t.deepEqual(screenAfter(output()).lines, ['$ stepwright watch', 'first', '2nd', ''])

  view.stop(['done', 'and', 'longer', 'than before'])
  t.deepEqual(screenAfter(output()), {
    lines: ['$ stepwright watch', 'done', 'and', 'longer', 'than before', ''],
    cursorHidden: false,
  })
})

test('writes nothing as long as nothing changes', t => {
  const { stdout, output } = terminal()
  const view = new ScreenArea(stdout, () => ['same'])
  view.start()
  view.stop(['same'])
  t.is(output().match(/same/g)?.length, 1)
})

test('goes up over the rows into which a terminal that became narrower has broken its lines', t => {
  const { stdout, output } = terminal(80)
  const view = new ScreenArea(stdout, () => ['x'.repeat(50), 'y'])
  view.start()
  stdout.columns = 20
  const before = output().length
  view.stop(['z'])
  t.true(output().slice(before).startsWith('\r\u001B[4A'))
})
