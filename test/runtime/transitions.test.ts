import test from 'ava'
import { defineProcess } from 'stepwright'
import { attemptLogic, childLogic, machineLogic, timerLogic } from '../../src/runtime/attempt/actors.ts'
import { definitionsOf, Programs } from '../../src/runtime/host/programs.ts'
import { isCompared } from '../machines/compared.ts'

const idle = () => () => {}
const actors = {
  attempt: attemptLogic(idle),
  items: attemptLogic(idle),
  children: attemptLogic(idle),
  child: childLogic(idle),
  machine: machineLogic(idle),
  timer: timerLogic(idle),
}
const definitions = () => definitionsOf([defineProcess({ name: 'any' }).step('only', () => 1)])
/** XState's own machine has its transitions itself; the tabulated one has others, before those. */
const isTabulated = (programs: Programs): boolean => !Object.hasOwn(programs.latest('any')?.machine as object, 'root')

test.serial('transitions are tabulated, but for an inspector, and where the environment says no', t => {
  t.true(isTabulated(new Programs(definitions(), actors)))
  t.false(isTabulated(new Programs(definitions(), actors, true)))
  process.env['STEPWRIGHT_TRANSITIONS'] = 'xstate'
  t.teardown(() => delete process.env['STEPWRIGHT_TRANSITIONS'])
  t.false(isTabulated(new Programs(definitions(), actors)))
})

test.serial('the tests have each transition made by XState as well', t => {
  const program = new Programs(definitions(), actors).latest('any')
  t.true(program && isCompared(program.machine))
})
