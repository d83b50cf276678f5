/** An XState machine as far as this layer looks at it: any version whose machines have these. */
export interface MachineLike {
  getInitialSnapshot(scope: any, input: any, ...rest: any[]): { status: string }
  transition(...args: any[]): { status: string }
  provide(...args: any[]): unknown
}

/** `unknown` for a machine without a type for its input. */
export type MachineInput<M> = M extends { getInitialSnapshot(scope: any, input?: infer I, ...rest: any[]): unknown }
  ? [{} | null] extends [I]
    ? unknown
    : I
  : never
/** `never` for a machine that never ends. */
export type MachineOutput<M> = M extends { transition(...args: any[]): infer S }
  ? S extends { status: 'done'; output: infer O }
    ? O
    : never
  : never

/** The events that a machine takes. */
export type MachineEvent<M> = M extends { transition(snapshot: any, event: infer E, ...rest: any[]): unknown }
  ? E
  : never

interface Action {
  readonly type?: unknown
  readonly src?: unknown
}

interface Node {
  readonly id: string
  readonly states: Readonly<Record<string, Node>>
  readonly invoke: readonly { readonly src: unknown }[]
  readonly entry: readonly Action[]
  readonly exit: readonly Action[]
  readonly transitions: ReadonlyMap<string, readonly { readonly actions: readonly Action[] }[]>
}

interface Machine {
  readonly root: Node
  readonly events: readonly string[]
  readonly implementations: { readonly actors: Readonly<Record<string, unknown>> }
}

export const isMachine = (value: unknown): value is MachineLike & Machine =>
  typeof value === 'object' &&
  value !== null &&
  'root' in value &&
  'implementations' in value &&
  'events' in value &&
  'provide' in value

/**
 * XState names an actor that stands inline in an `invoke` after its place, so a restored machine
 * finds it again.
 */
const isInline = (src: string): boolean => src.startsWith('xstate.invoke.')

const spawned = (actions: readonly Action[]): unknown[] =>
  actions.filter(action => action?.type === 'xstate.spawnChild').map(action => action.src)

/**
 * Why a machine could not be restored from its record, as far as its definition shows. `undefined`
 * if nothing speaks against it.
 */
export function whyNotRestorable({ root, implementations }: Machine): string | undefined {
  const check = (node: Node): string | undefined => {
    const spawns = [
      node.entry,
      node.exit,
      ...[...node.transitions.values()].flat().map(({ actions }) => actions),
    ].flatMap(spawned)
    const named = new Set(Object.values(implementations.actors))
    const inline = spawns.find(src => typeof src !== 'string' && !named.has(src))
    if (inline !== undefined) return `${node.id} spawns an actor that has no name: give it one in setup({ actors })`
    const names = [...node.invoke.map(({ src }) => src), ...spawns].filter(
      src => typeof src === 'string' && !isInline(src),
    ) as string[]
    const missing = names.find(name => !Object.hasOwn(implementations.actors, name))
    if (missing !== undefined)
      return `${node.id} has no actor '${missing}': give it one in setup({ actors }) or provide({ actors })`
    for (const child of Object.values(node.states)) {
      const why = check(child)
      if (why !== undefined) return why
    }
    return undefined
  }
  for (const actor of Object.values(implementations.actors)) {
    const why = isMachine(actor) ? whyNotRestorable(actor) : undefined
    if (why !== undefined) return why
  }
  return check(root)
}

/** Whether one of these descriptors (`GO`, `*`, `mouse.*`) is that of an event of this type. */
export const isAmong = (descriptors: readonly string[], type: string): boolean =>
  descriptors.some(
    known => known === '*' || known === type || (known.endsWith('.*') && `${type}.`.startsWith(known.slice(0, -1))),
  )

/** Whether any state of a machine takes events of this type. */
export const knowsEvent = (machine: MachineLike, type: string): boolean =>
  isAmong((machine as MachineLike & Machine).events, type)
