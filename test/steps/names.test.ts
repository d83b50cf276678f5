import test from 'ava'
import { checkProcessName, checkStepName, checkVersion } from '../../src/steps/names.ts'

const step = (value: unknown): string => checkStepName(value, "process 'p'")
const version = (value: unknown): string => checkVersion(value, "version of process 'p'")

test('good names are returned', t => {
  for (const name of ['a', '0', 'import-dump', 'a'.repeat(64)]) t.is(checkProcessName(name), name)
  for (const name of ['a', 'Read', 'foo-step', 'foo_step2', 'a'.repeat(64)]) t.is(step(name), name)
  for (const name of ['1', '2.0.1', 'v1+build_5', 'a'.repeat(32)]) t.is(version(name), name)
})

test('bad process names are refused', t => {
  for (const name of [
    '',
    '-a',
    'A',
    'a.b',
    '../a',
    'a/b',
    'a b',
    'é',
    'a\n',
    'a\0',
    'a'.repeat(65),
    5,
    null,
    undefined,
    {},
    ['a'],
  ]) {
    t.throws(() => checkProcessName(name), { instanceOf: TypeError, message: /name of a process must be.*received/ })
  }
})

test('bad step names are refused, those that every object has too', t => {
  for (const name of [
    '',
    '1a',
    '-a',
    '_a',
    'a.b',
    '#a',
    'a/b',
    'a b',
    'a\n',
    'a'.repeat(65),
    '__proto__',
    5,
    null,
    undefined,
    Symbol('a'),
  ]) {
    t.throws(() => step(name), { instanceOf: TypeError, message: /name of a step of process 'p' must be.*received/ })
  }
  for (const name of ['constructor', 'valueOf', 'toString', 'hasOwnProperty', 'isPrototypeOf']) {
    t.throws(() => step(name), { instanceOf: TypeError, message: /no name that every object has/ })
  }
})

test('bad versions are refused', t => {
  for (const value of ['', '.', '..', '-1', 'a/b', '1 2', '1@2', '1\n', 'a'.repeat(33), 2, null]) {
    t.throws(() => version(value), { instanceOf: TypeError, message: /version of process 'p' must be.*received/ })
  }
})
