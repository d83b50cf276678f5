/**
 * `stepwright/inferred`: what the builder infers from the parts of a definition. An entry point of
 * its own, because declaration files of definitions have to name these types, and people do not.
 */
export type * from './data-flow.ts'
export type * from './work-types.ts'
export type { Unused } from './kinds/builder.ts'
export type { MachineEvent, MachineInput, MachineLike, MachineOutput } from './kinds/machine-like.ts'
export type { CharactersOf, NameCharacter, ProcessName } from './names.ts'
export type { MapInput } from './step-options.ts'
export type { AnyContext, Injected, Name } from './work.ts'
export type {
  EventIn,
  EventMessage,
  Given,
  OptionalIf,
  ProceedMessage,
  ServicesOption,
  TypesOf,
} from '../record/definition.ts'
export type * from '../record/not-json.ts'
