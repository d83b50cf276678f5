import test from 'ava'
import * as fc from 'fast-check'
import { printable, printableJson, printableLines } from '../../src/cli/printable.ts'

const DANGEROUS = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/u
const anyText = fc.string({ unit: 'binary' })

test('control characters are shown, not sent', t => {
  t.is(printable('\u001B[31mred\u0007'), String.raw`\x1b[31mred\x07`)
  t.is(printable('a\nb\r\tc'), String.raw`a\nb\r\tc`)
  t.is(printable('\u007F\u009B2J'), String.raw`\x7f\x9b2J`)
  t.is(printable('\u202Egnp.exe\u2066'), String.raw`\u202egnp.exe\u2066`)
  t.is(printable('\u2028'), String.raw`\u2028`)
  t.is(printable('\uD800'), String.raw`\ud800`)
})

test('other text is left as it is', t => {
  for (const text of ['', 'plain', 'Übergröße', '日本語', '👨‍👩‍👧', 'नमस्ते', String.raw`C:\temp`])
    t.is(printable(text), text)
})

test('no text whatever gets a dangerous character through', t => {
  fc.assert(fc.property(anyText, text => !DANGEROUS.test(printable(text))))
  t.pass()
})

test('lines keep their newlines and nothing else', t => {
  t.deepEqual(printableLines('a\r\nb\u001Bc\n'), ['a', String.raw`b\x1bc`, ''])
})

test('JSON stays the same JSON and is safe', t => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), value => {
      const text = printableJson(value, 2)
      t.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
      return !DANGEROUS.test(text.replaceAll('\n', ''))
    }),
  )
  t.is(printableJson('\u009B\u202E\u007F'), String.raw`"\u009b\u202e\u007f"`)
  t.is(printableJson(undefined), 'null')
})
