import test from 'ava'
import { StoredMessages } from '../../src/inspect/stored-messages.ts'
import { aRecord } from '../../src/testing/conformance/samples.ts'

test('the inspector is told what a step has done once, and when', t => {
  const record = aRecord({
    event: { type: 'REMEMBER', step: 'read' },
    memory: [
      ['page-1', { secret: true }, 20],
      ['#3:page-2', null],
      ['#3', null],
    ],
  })
  const [event] = new StoredMessages([], value => value).transition(record)
  const at = new Date(record.at).toISOString()
  t.like(event, {
    type: '@xstate.event',
    event: {
      type: 'REMEMBER',
      step: 'read',
      memory: [
        { step: 'read', name: 'page-1', at, ms: 20 },
        { step: 'read', name: 'page-2', item: 3, at },
      ],
    },
  })
  t.false(JSON.stringify(event).includes('secret'))
})
