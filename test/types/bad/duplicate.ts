import { defineProcess } from '../../../src/steps/define-process.ts'

defineProcess({ name: 'a' })
  .step('read', () => 1)
  .step('parse', () => 2)
  .step('read', () => 3) // error: "Step 'read' exists already"
defineProcess({ name: 'a' }).step('read', () => 1).sleep('read', '1s') // error: "Step 'read' exists already"
defineProcess({ name: 'a' }).interrupt('read').interrupt('read') // error: "Step 'read' exists already"
