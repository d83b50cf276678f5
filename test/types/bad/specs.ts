import { defineProcess } from '../../../src/steps/define-process.ts'
import { fromSpecs } from '../../../src/steps/from-specs.ts'
import { typed } from '../../../src/steps/typed.ts'

interface Db { query(sql: string): Promise<string[]> }
interface Mail { send(to: string): Promise<void> }
declare const mail: Mail
class Foo {
  db: Db
  constructor(db: Db, label: string) {
    this.db = db
    void label
  }
  execute() { return 1 }
}

const needsBoth = defineProcess({ name: 'a', services: typed<{ mail: Mail }>() }).step('x', { class: Foo, args: ['x'], services: ['db'] })
await needsBoth.run(1, { services: { mail } }) // error: Property 'db' is missing
await needsBoth.run(1, { services: { mail, db: mail } }) // error: Property 'query' is missing in type 'Mail'
await needsBoth.run(1) // error: Expected 2 arguments, but got 1
defineProcess({ name: 'a', services: typed<{ mail: Mail }>() }).step('x', ({ services }) => services.db.query('x')) // error: Property 'db' does not exist
defineProcess({ name: 'a', services: { mail } }) // error: 'mail' does not exist in type 'Typed

const p = defineProcess({ name: 'a' })
p.step('args-missing', { class: Foo, services: ['db'] }) // error: WrongArguments<[label: string]>
p.step('wrong-arg', { class: Foo, args: [5], services: ['db'] }) // error: WrongArguments<[label: string]>
p.step('typo', { class: Foo, arg: ['x'], services: ['db'] }) // error: 'arg' does not exist
p.step('service-forgotten', { class: Foo, args: ['x'] }) // error: WrongArguments<[db: Db, label: string]>
p.step('no-execute', { class: class { exec() { return 1 } } }) // error: Property 'execute' is missing
p.step('wrong-data', { class: class { execute(data: { n: number }) { return data.n } } }) // error: Types of property 'execute' are incompatible
fromSpecs('s', { foo: { class: Foo, args: [1], services: ['db'] } }) // error: WrongArguments<[label: string]>
fromSpecs('s', { date: { factory: () => ({ execute: () => new Date() }) } }) // error: Not JSON: $ is a Date
await fromSpecs('s', { foo: { class: Foo, args: ['x'], services: ['db'] } }).run(1, { services: {} }) // error: Property 'db' is missing
