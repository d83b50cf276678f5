// Definitions
export { defineProcess, isProcessDefinition } from './steps/define-process.ts'
export { fromSpecs } from './steps/from-specs.ts'
export { typed } from './steps/typed.ts'
export { FatalError, RetryError } from './steps/fatal.ts'
export type { ProcessBuilder } from './steps/builder.ts'
export type { ProcessDefinition, ProcessInput, ProcessOutput, ProcessServices, ProcessStep, StepInfo } from './record/definition.ts'
export type { Duration } from './record/duration.ts'
export type {
  BranchSpec,
  IsolateMode,
  MachineOptions,
  EachOptions,
  InterruptOptions,
  RetryPolicy,
  StepOptions,
  WholeOptions,
} from './steps/options.ts'
export type { ScheduleOptions } from './steps/schedule.ts'
export type { StandardSchemaV1 } from './record/standard-schema.ts'
export type { ClassSpec, FactorySpec, ModuleSpec, StepContext, StepObject } from './steps/work.ts'

// Hosts
export { createRuntime, type Runtime } from './runtime/create-runtime.ts'
export { checkStored, type StoredCheck, type StoredMisfit } from './runtime/check-stored.ts'
export type { RuntimeEvents } from './runtime/events.ts'
export type { Logger } from './runtime/logger.ts'
export type { ProcessHandle } from './runtime/handle.ts'
export type { RuntimeOptions, StartOptions, WorkerOptions } from './runtime/options.ts'

// Readers
export { openClient } from './client/open-client.ts'
export type {
  Client,
  ForkOptions,
  ListOptions,
  LogInfo,
  LogOptions,
  ScheduleInfo,
  Steered,
  SubmitOptions,
  WaitOptions,
  WatchAllOptions,
} from './client/client.ts'
export type { HistoryEntry, ProcessInfo, ProcessStepInfo } from './record/info.ts'

// Stores
export { lowdbStore } from './store/lowdb/lowdb-store.ts'
export { copyStore, type Copied, type CopyOptions } from './store/copy-store.ts'
export { Journal } from './journal/journal.ts'
export type { Host, HostState } from './record/host.ts'
export type { Store } from './store/store.ts'
export type { ErrorRecord, Json, ProcessStatus, Progress, StatusCounts, StepKind, StepStatus } from './record/record.ts'

// Errors
export { ProcessCancelledError, ProcessError, ProcessTimeoutError, StepwrightError, type ErrorCode } from './errors.ts'
