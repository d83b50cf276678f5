/**
 * Define processes, and run them in a host.
 *
 * @module stepwright
 */

// Definitions
export { defineProcess, type ProcessOptions } from './steps/define-process.ts'
export { isProcessDefinition } from './steps/plan.ts'
export { fromSpecs, type SpecsOptions } from './steps/from-specs.ts'
export { typed, type Typed } from './steps/typed.ts'
export { FatalError, RetryError } from './steps/fatal.ts'
export type { ProcessBuilder } from './steps/kinds/builder.ts'
export type {
  ProceedData,
  ProcessDefinition,
  ProcessEvent,
  ProcessInput,
  ProcessOutput,
  ProcessServices,
  ProcessStep,
  RunOptions,
  StepInfo,
} from './record/definition.ts'
export type { Duration } from './record/duration.ts'
export type { BranchSpec, ParallelOptions } from './steps/kinds/parallel.ts'
export type { FailureOptions, Kept, Settled } from './steps/failures.ts'
export type { EachOptions, EachProcessOptions } from './steps/kinds/each.ts'
export type { InterruptOptions } from './steps/kinds/interrupt.ts'
export type { WhenOption, WholeOptions } from './steps/step-options.ts'
export type { IsolateMode, OnceOptions, RetryPolicy, WaitForOptions, WorkOptions } from './steps/work-options.ts'
export type { MachineOptions } from './steps/kinds/machine.ts'
export type { StepOptions } from './steps/kinds/function.ts'
export type { UndoContext, UndoOption, UndoSpec } from './steps/undo-options.ts'
export type { Migrate, Migration, OldProcess } from './steps/migration.ts'
export type {
  CronSchedule,
  GiveEitherCronOrEvery,
  IntervalSchedule,
  MissedTicks,
  ScheduleOptions,
} from './steps/schedule.ts'
export type { LimitOptions } from './steps/limit.ts'
export type { StandardResult, StandardSchemaV1 } from './record/standard-schema.ts'
export type { ClassSpec, FactorySpec, ModuleSpec, OnceCall, StepContext, StepObject, Work } from './steps/work.ts'
// The compiler names a type from `stepwright/inferred` only where that module is part of the
// program.
export type * as Inferred from './steps/inferred.ts'

// Hosts
export { stepActor } from './runtime/attempt/step-actor.ts'
export { createRuntime } from './runtime/create-runtime.ts'
export type { Runtime } from './runtime/runtime.ts'
export { checkStored, type StoredCheck, type StoredMisfit } from './runtime/check-stored.ts'
export type { RuntimeEvents } from './runtime/events.ts'
export type { Logger } from './runtime/logger.ts'
export type { ProcessHandle } from './runtime/handle.ts'
export type {
  CloseOptions,
  Inspection,
  RuntimeOptions,
  StartManyOptions,
  StartOptions,
  WorkerOptions,
} from './runtime/options.ts'

// Readers
export { openClient } from './client/open-client.ts'
export { toWebStream } from './client/web-stream.ts'
export type { StreamChunk, StreamPart, StreamReset, StreamSource } from './client/read-stream.ts'
export type {
  AdoptOptions,
  BulkOptions,
  BulkQuery,
  BulkStep,
  CancelAllOptions,
  CancelOptions,
  Client,
  ForkOptions,
  ProceedOptions,
  ListOptions,
  LogInfo,
  LogOptions,
  PauseInfo,
  QueueOptions,
  ScheduleInfo,
  SendOptions,
  Steered,
  StreamOptions,
  Submission,
  SubmitOptions,
  WaitOptions,
  WatchAllOptions,
} from './client/client.ts'
export type {
  HistoryEntry,
  MachineInfo,
  PendingCommandInfo,
  ProcessInfo,
  ProcessStepInfo,
  WaitInfo,
} from './record/info.ts'
export type { Host, HostState, Misfit, PendingCommand } from './record/host.ts'
export type {
  ErrorRecord,
  FinalStatus,
  Json,
  NameCount,
  ProcessStatus,
  Progress,
  StatusCounts,
  StepKind,
  StepStatus,
  UndoReason,
} from './record/record.ts'

export type { MemoryInfo } from './record/memory-info.ts'

// Stores
export { lowdbStore, type LowdbStoreOptions } from './store/lowdb/lowdb-store.ts'
export { backupStore } from './store/backup-store.ts'
export { copyStore, type Copied, type CopyOptions, type CopyStoreOptions } from './store/copy-store.ts'
export { fold, isWhole } from './journal/line.ts'
export { Journal, type JournalOptions } from './journal/journal.ts'
export type {
  AdoptedProcess,
  CorruptJournal,
  Created,
  Damage,
  HostStore,
  ListQuery,
  Store,
  TrailOptions,
} from './store/store.ts'
export type { Collection, Documents, StoredDocument } from './store/documents.ts'
export type { StoredProcess } from './record/host.ts'
export type { LimitRecord, Room } from './record/limit.ts'
export type {
  Inherited,
  JournalLine,
  LineHead,
  LogEntry,
  MachineSnapshot,
  Memory,
  MemoryLine,
  PartialTransition,
  ProcessIdentity,
  ProcessRecord,
  ProgressLine,
  RecordEvent,
  StepRecord,
  StreamEntry,
  Trace,
  TrailEntries,
  Trails,
  Transition,
  Wait,
} from './record/record.ts'

// Diagnostics channels
export type {
  AdoptionMessage,
  AttemptMessage,
  OnceMessage,
  ProcessMessage,
  SlotsMessage,
  StartMessage,
  StoreMessage,
  TracedAction,
} from './record/diagnostics.ts'

// Errors
export {
  ProcessCancelledError,
  ProcessError,
  SubmitError,
  ProcessTimeoutError,
  ProcessUndoError,
  StepwrightError,
  type ErrorCode,
  type ProcessFailure,
} from './errors.ts'
