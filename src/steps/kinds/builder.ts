import type { PauseMessage, Proceeded, Skipped, WithOutput } from '../data-flow.ts'
import type {
  EventMessage,
  OptionalIf,
  ProcessDefinition,
  ProcessInput,
  ProcessOutput,
  ProcessServices,
} from '../../record/definition.ts'
import type { Duration } from '../../record/duration.ts'
import type { MachineEvent, MachineInput, MachineLike, MachineOutput } from './machine-like.ts'
import type { MustBeJson } from '../../record/not-json.ts'
import type { MapInput, WholeOptions } from '../step-options.ts'
import type { Kept } from '../failures.ts'
import type { EachOptions, EachProcessOptions } from './each.ts'
import type { StepOptions } from './function.ts'
import type { InterruptOptions } from './interrupt.ts'
import type { MachineOptions } from './machine.ts'
import type { BranchSpec, ParallelOptions } from './parallel.ts'
import type { StandardSchemaV1 as Schema } from '../../record/standard-schema.ts'
import type { UndoOption } from '../undo-options.ts'
import type { Args, Checked, Demand, Intersect, NeedsOf, OutputOf, Take } from '../work-types.ts'
import type { Name, StepContext, Work } from '../work.ts'

/** The name itself if no step has it yet, else a message for the compiler to show. */
export type Unused<N extends string, Steps extends string> = string extends N
  ? N
  : string extends Steps
    ? N
    : N extends Steps
      ? `Step '${N}' exists already`
      : N

/**
 * A definition to which steps can be added. Each method returns a new definition and leaves this
 * one as it is. `Input` is what a caller passes, `Parsed` what the schema makes of it, and `Data`
 * what the next step receives. Every method throws a TypeError for a bad name, work or option.
 */
export interface ProcessBuilder<
  Input,
  Parsed,
  Data,
  Services,
  Steps extends string,
  Messages = any,
  Outputs = {},
> extends ProcessDefinition<Input, Data, Services, Steps, Messages> {
  /**
   * Adds a step that does work: a function of its context, an object spec or a module. Its output
   * is the input of the next step.
   * @example
   * .step('read', ({ data, signal }) => readFile(data.file, { encoding: 'utf8', signal }), { timeout: '30s', retry: 3 })
   * .step('store', { class: Store, services: ['db'], args: ['pages'] })
   */
  step<
    N extends string,
    Output,
    P extends any[] = [],
    S extends readonly Name[] | [] = [],
    A extends Args<Parsed> = [],
    Pause extends boolean | Schema = false,
    When extends boolean = never,
    OnFailure extends boolean = false,
  >(
    name: Unused<N, Steps>,
    work: Work<StepContext<Data, Services, Parsed, Outputs>, Output, P, S, A> & Demand<Output, P, S, A>,
    options?: StepOptions<Data, Services, Parsed, Pause, When, Outputs, NoInfer<Awaited<Output>>, OnFailure>,
  ): ProcessBuilder<
    Input,
    Parsed,
    Skipped<Proceeded<Awaited<Output>, Pause>, Data, When>,
    Services & Take<P, S>,
    Steps | N,
    Messages | PauseMessage<Pause>,
    WithOutput<Outputs, N, Proceeded<Awaited<Output>, Pause>, When>
  >

  /**
   * Adds a pause that lasts until somebody calls `proceed`.
   * @example .interrupt('sign-off', { schema: typed<{ by: string }>(), timeout: '7d' })
   */
  interrupt<N extends string, Pause extends true | Schema = true>(
    name: Unused<N, Steps>,
    options?: InterruptOptions<Pause>,
  ): ProcessBuilder<
    Input,
    Parsed,
    Proceeded<Data, Pause>,
    Services,
    Steps | N,
    Messages | PauseMessage<Pause>,
    WithOutput<Outputs, N, Proceeded<Data, Pause>, never>
  >

  /**
   * Adds a wait for a duration, until a `Date`, or until what a function of the context returns. It
   * survives restarts.
   * @example .sleep('cool-off', '10m')
   */
  sleep<N extends string>(
    name: Unused<N, Steps>,
    until: Duration | Date | ((context: StepContext<Data, Services, Parsed, Outputs>) => Duration | Date),
  ): ProcessBuilder<Input, Parsed, Data, Services, Steps | N, Messages, WithOutput<Outputs, N, Data, never>>

  /**
   * Adds branches that run at the same time, each with its own retries, timeout and progress. The
   * output has the outputs of the branches by name. The first branch that fails for good aborts the
   * others, unless `onFailure` is 'keep'. After a restart, only unfinished branches run again.
   * @example
   * .parallel('publish', { search: indexSearch, feed: { run: writeFeed, retry: 3 } })
   */
  parallel<
    N extends string,
    B extends Record<
      string,
      Work<StepContext<Data, Services, Parsed, Outputs>> | BranchSpec<StepContext<Data, Services, Parsed, Outputs>>
    >,
    When extends boolean = never,
    OnFailure extends 'stop' | 'keep' = 'stop',
  >(
    name: Unused<N, Steps>,
    branches: B & { [K in keyof B]: Checked<B[K]> },
    options?: ParallelOptions<StepContext<Data, Services, Parsed, Outputs>, When, OnFailure>,
  ): ProcessBuilder<
    Input,
    Parsed,
    Skipped<{ [K in keyof B]: Kept<OutputOf<B[K]>, OnFailure> }, Data, When>,
    Services & Intersect<{ [K in keyof B]: NeedsOf<B[K]> }>,
    Steps | N,
    Messages,
    WithOutput<Outputs, N, { [K in keyof B]: Kept<OutputOf<B[K]>, OnFailure> }, When>
  >

  /**
   * Adds a process for every item of a list, several at a time: the item is its input. Each has its
   * own pid, journal and timeout. The parent waits for them without a slot, and cancels them when
   * it ends. The output is an array of their outputs, in the order of the list.
   * @example
   * .each('convert', ({ data }) => data.videos, convertVideo, { concurrency: 4, onFailure: 'keep' })
   */
  each<
    N extends string,
    D extends ProcessDefinition,
    When extends boolean = never,
    OnFailure extends 'stop' | 'keep' = 'stop',
  >(
    name: Unused<N, Steps>,
    items: (
      context: StepContext<Data, Services, Parsed, Outputs>,
    ) => readonly ProcessInput<D>[] | PromiseLike<readonly ProcessInput<D>[]>,
    definition: D,
    options?: EachProcessOptions<StepContext<Data, Services, Parsed, Outputs>, When, OnFailure>,
  ): ProcessBuilder<
    Input,
    Parsed,
    Skipped<Kept<ProcessOutput<D>, OnFailure>[], Data, When>,
    Services & ProcessServices<D>,
    Steps | N,
    Messages,
    WithOutput<Outputs, N, Kept<ProcessOutput<D>, OnFailure>[], When>
  >

  /**
   * Adds the same work for every item of a list, several at a time. The output is an array in the
   * order of the list. Progress counts finished items, which do not run again after a restart. The
   * first item that fails for good aborts the rest, unless `onFailure` is 'keep'.
   * @example
   * .each('resize', ({ data }) => data.images, ({ data: image, signal }) => resize(image, { signal }), { concurrency: 4, retry: 3 })
   */
  each<
    N extends string,
    Item,
    Output,
    P extends any[] = [],
    S extends readonly Name[] | [] = [],
    A extends Args<Parsed> = [],
    When extends boolean = never,
    OnFailure extends 'stop' | 'keep' = 'stop',
  >(
    name: Unused<N, Steps>,
    items: (context: StepContext<Data, Services, Parsed, Outputs>) => readonly Item[] | PromiseLike<readonly Item[]>,
    work: Work<StepContext<Item, Services, Parsed, Outputs>, Output, P, S, A> & Demand<Output, P, S, A>,
    options?: EachOptions<StepContext<Data, Services, Parsed, Outputs>, When, OnFailure> &
      UndoOption<NoInfer<Awaited<Output>>, StepContext<NoInfer<Item>, Services, Parsed>, false>,
  ): ProcessBuilder<
    Input,
    Parsed,
    Skipped<Kept<Awaited<Output>, OnFailure>[], Data, When>,
    Services & Take<P, S>,
    Steps | N,
    Messages,
    WithOutput<Outputs, N, Kept<Awaited<Output>, OnFailure>[], When>
  >

  /**
   * Adds another definition as a child process, with its own pid, journal and timeout. Its output
   * is the output of the step. The parent waits for it without a slot, and cancels it when the
   * parent ends.
   * @example
   * .process('thumbnails', thumbnails, { input: ({ data }) => ({ images: data.files }) })
   */
  process<N extends string, D extends ProcessDefinition, When extends boolean = never>(
    name: Unused<N, Steps>,
    definition: D,
    ...options: OptionalIf<
      MapInput<StepContext<Data, Services, Parsed, Outputs>, ProcessInput<D>> &
        WholeOptions<StepContext<Data, Services, Parsed, Outputs>, When> &
        UndoOption<ProcessOutput<D>, StepContext<Data, Services, Parsed>>
    >
  ): ProcessBuilder<
    Input,
    Parsed,
    Skipped<ProcessOutput<D>, Data, When>,
    Services & ProcessServices<D>,
    Steps | N,
    Messages,
    WithOutput<Outputs, N, ProcessOutput<D>, When>
  >

  /**
   * Adds an XState machine. Its final output is the output of the step. `send` sends it events. Its
   * states and its delays survive restarts, so its context and events must be JSON.
   * @example
   * .machine('approval', approvalMachine, { input: ({ data }) => ({ draft: data.text }) })
   */
  machine<N extends string, M extends MachineLike, When extends boolean = never>(
    name: Unused<N, Steps>,
    machine: M & MustBeJson<MachineOutput<M>>,
    ...options: OptionalIf<
      MapInput<StepContext<Data, Services, Parsed, Outputs>, MachineInput<M>> &
        MachineOptions<StepContext<Data, Services, Parsed, Outputs>, When> &
        UndoOption<MachineOutput<M>, StepContext<Data, Services, Parsed>>
    >
  ): ProcessBuilder<
    Input,
    Parsed,
    Skipped<MachineOutput<M>, Data, When>,
    Services,
    Steps | N,
    Messages | EventMessage<MachineEvent<M>>,
    WithOutput<Outputs, N, MachineOutput<M>, When>
  >
}
