import test from 'ava'
import { MUTANTS, mustFit } from './mutants.ts'

test('each mutant still fits the sources', t => {
  for (const mutant of MUTANTS) t.notThrows(() => mustFit(mutant))
})
